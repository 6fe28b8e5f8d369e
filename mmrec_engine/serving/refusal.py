"""Requests that are not answered, in OpenAI's form: a status, a sentence, and which parameter it is about."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.catalogue import Language


class Refused(RequestError):
    """A request of a client is wrong, or cannot be served now. status: of HTTP. param: name of the parameter; None: none."""

    def __init__(self, status: HTTPStatus, key: str, param: str | None = None, **values: object) -> None:
        super().__init__(key, param=param, **values)
        self.status, self.param = status, param

    def as_dict(self, language: Language) -> dict[str, Any]:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            kind = "rate_limit_error"
        code = self.key.removeprefix("serve-").replace("-", "_")
        return {"error": {"message": self.text(language), "type": kind, "param": self.param, "code": code}}

    def headers(self) -> dict[str, str]:
        """For clients that try again on their own."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return {"Retry-After": "1"}
        if self.status == HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": "Bearer"}
        return {"x-should-retry": "false"} if self.status == HTTPStatus.GATEWAY_TIMEOUT else {}


def bad_request(key: str, param: str | None = None, **values: object) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, key, param, **values)
