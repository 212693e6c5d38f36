"""Raw Parquet to device tables to integer arrays, and back."""
