SELECT highest - highest % 500, count(*)
FROM (SELECT guid, max(ia_freq_mhz) AS highest FROM good_frequencies GROUP BY guid)
GROUP BY 1
