"""The published study of laptop telemetry: its methods, figures and tables."""
