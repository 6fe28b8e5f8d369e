"""The words of what is found in how the text was read: markup that stands in it, and the field that it came from."""

from __future__ import annotations

from mmrec_engine.locales.guide.finding_text import FindingText
from mmrec_engine.locales.messages import Words


def _markup(kind_en: str, kind_tr: str) -> Words:
    return {
        "en": f"{{share:.0%}} of the text is {kind_en} (little of that stands in prose and code)",
        "tr": f"{{share:.0%}} oranında {kind_tr} (düzyazıda ve kodda azdır)",
    }


READING: tuple[FindingText, ...] = (
    FindingText(
        "markup",
        {"en": "Markup", "tr": "İşaretleme"},
        {
            "pass": {
                "en": "{share:.0%} markup: no HTML, XML, RTF, JSON or tables trained on as they stand",
                "tr": "{share:.0%} işaretleme: olduğu gibi eğitilen HTML, XML, RTF, JSON ya da tablo yok",
            },
            "html": _markup("tags, as in HTML and XML", "HTML ve XML'deki gibi etiket"),
            "rtf": _markup("commands of RTF", "RTF komutu"),
            "json": _markup("JSON, with its keys and quotes", "anahtarları ve tırnaklarıyla JSON"),
            "table": _markup("a table, with all of its columns", "bütün sütunlarıyla tablo"),
        },
        {
            "en": "The model learns to write what it reads: tags, keys and separators take the place of words.",
            "tr": "Model okuduğunu yazmayı öğrenir: etiketler, anahtarlar ve ayraçlar sözcüklerin yerini alır.",
        },
        {
            "en": "Convert it to text first. HTML, XML, RTF, JSON, CSV and TSV files are converted when they are read; name their field with --text-field.",
            "tr": "Önce metne dönüştürün. HTML, XML, RTF, JSON, CSV ve TSV dosyaları okunurken dönüştürülür; alanlarını --text-field ile verin.",
        },
    ),
    FindingText(
        "column-odd",
        {"en": "Text field", "tr": "Metin alanı"},
        {
            "pass": {
                "en": "{share:.0%} of the values of {field} are prose",
                "tr": "{field} alanındaki değerlerin {share:.0%} kadarı düzyazı",
            },
            "ids": {
                "en": "{share:.0%} of the values of {field} are prose; the others look like ids: {example}",
                "tr": "{field} alanındaki değerlerin {share:.0%} kadarı düzyazı; ötekiler kimlik gibi: {example}",
            },
            "links": {
                "en": "{share:.0%} of the values of {field} are prose; most are links: {example}",
                "tr": "{field} alanındaki değerlerin {share:.0%} kadarı düzyazı; çoğu bağlantı: {example}",
            },
            "labels": {
                "en": "{share:.0%} of the values of {field} are prose; the others are few labels, again and again: {example}",
                "tr": "{field} alanındaki değerlerin {share:.0%} kadarı düzyazı; ötekiler yinelenen az sayıda etiket: {example}",
            },
        },
        {
            "en": "From ids, links or labels a model learns no language, however far the loss falls.",
            "tr": "Kimliklerden, bağlantılardan ya da etiketlerden model dil öğrenmez; loss ne kadar düşerse düşsün.",
        },
        {
            "en": "Name the field that holds the text with --text-field.",
            "tr": "Metni tutan alanı --text-field ile verin.",
        },
    ),
)
