"""Logs of a run in the programs that people read them with: TensorBoard, W&B, trackio, MLflow, CSV files."""
