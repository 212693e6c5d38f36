WITH long AS (
  FROM system_web_cat_pivot_duration
  UNPIVOT (ms FOR category IN (COLUMNS(* EXCLUDE (guid, dt))))
),
sums AS (
  SELECT guid, category, count(*) AS days, sum(ms) AS ms
  FROM long
  GROUP BY guid, category
),
shares AS (
  SELECT guid, category, days, ms / sum(ms) OVER (PARTITION BY guid) AS share
  FROM sums
),
personas AS (
  SELECT
    s.persona,
    h.category,
    count(DISTINCT s.guid) AS number_of_systems,
    sum(h.days) AS days,
    round(100 * sum(h.days * h.share) / sum(h.days), 3) AS share
  FROM shares h
  JOIN system_sysinfo_unique_normalized s ON s.guid = h.guid
  GROUP BY s.persona, h.category
)
FROM personas
PIVOT (first(share) FOR category IN (
  content_creation_photo_edit_creation, content_creation_video_audio_edit_creation,
  content_creation_web_design_development, education,
  entertainment_music_audio_streaming, entertainment_other,
  entertainment_video_streaming, finance, games_other, games_video_games, mail, news,
  unclassified, private, productivity_crm, productivity_other,
  productivity_presentations, productivity_programming,
  productivity_project_management, productivity_spreadsheets,
  productivity_word_processing, recreation_travel, reference, search, shopping,
  social_social_network, social_communication, social_communication_live
))
