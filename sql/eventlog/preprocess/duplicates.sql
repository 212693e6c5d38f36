/*
about: >-
  Rejects every row that is equal in all columns to one before it. Only rows whose hash
  another row has are looked at.
reads: [checked_log, repeated_hashes]
*/
UPDATE checked_log
SET reason = 'duplicated row'
WHERE rowid IN (
  SELECT own_row
  FROM (
    SELECT
      rowid AS own_row,
      row_number() OVER (
        PARTITION BY user_id, event_time, product_type, event_type ORDER BY rowid
      ) AS place
    FROM checked_log
    WHERE
      reason IS NULL
      AND hash(product_type, event_type, event_time, user_id) IN (
        SELECT row_hash FROM repeated_hashes
      )
  )
  WHERE place > 1
)
