/*
grain: >-
  One row per device and day of browsing, with the time on each pair of web categories,
  0 where there is none. Pairs that the study does not list add a day and no time.
reads: [system_web_cat_usage]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  content_creation_photo_edit_creation: ms on content creation, photo edit/creation
  content_creation_video_audio_edit_creation: >-
    ms on content creation, video/audio edit/creation
  content_creation_web_design_development: >-
    ms on content creation, web design / development
  education: ms on education
  entertainment_music_audio_streaming: ms on entertainment, music / audio streaming
  entertainment_other: ms on entertainment, other
  entertainment_video_streaming: ms on entertainment, video streaming
  finance: ms on finance
  games_other: ms on games, other
  games_video_games: ms on games, video games
  mail: ms on mail
  news: ms on news
  unclassified: ms on other
  private: ms on private
  productivity_crm: ms on productivity, crm
  productivity_other: ms on productivity, other
  productivity_presentations: ms on productivity, presentations
  productivity_programming: ms on productivity, programming
  productivity_project_management: ms on productivity, project management
  productivity_spreadsheets: ms on productivity, spreadsheets
  productivity_word_processing: ms on productivity, word processing
  recreation_travel: ms on recreation, travel
  reference: ms on reference
  search: ms on search
  shopping: ms on shopping
  social_social_network: ms on social, social network
  social_communication: ms on social, communication
  social_communication_live: ms on social, communication - live
*/
SELECT
  guid,
  dt,
  coalesce(
    sum(ms) FILTER (WHERE parent = 'content creation' AND sub = 'photo edit/creation'),
    0
  ) AS content_creation_photo_edit_creation,
  coalesce(
    sum(ms)
      FILTER (WHERE parent = 'content creation' AND sub = 'video/audio edit/creation'),
    0
  ) AS content_creation_video_audio_edit_creation,
  coalesce(
    sum(ms)
      FILTER (WHERE parent = 'content creation' AND sub = 'web design / development'),
    0
  ) AS content_creation_web_design_development,
  coalesce(sum(ms) FILTER (WHERE parent = 'education'), 0) AS education,
  coalesce(
    sum(ms) FILTER (WHERE parent = 'entertainment' AND sub = 'music / audio streaming'),
    0
  ) AS entertainment_music_audio_streaming,
  coalesce(sum(ms) FILTER (WHERE parent = 'entertainment' AND sub = 'other'), 0)
    AS entertainment_other,
  coalesce(
    sum(ms) FILTER (WHERE parent = 'entertainment' AND sub = 'video streaming'),
    0
  ) AS entertainment_video_streaming,
  coalesce(sum(ms) FILTER (WHERE parent = 'finance'), 0) AS finance,
  coalesce(sum(ms) FILTER (WHERE parent = 'games' AND sub = 'other'), 0) AS games_other,
  coalesce(sum(ms) FILTER (WHERE parent = 'games' AND sub = 'video games'), 0)
    AS games_video_games,
  coalesce(sum(ms) FILTER (WHERE parent = 'mail'), 0) AS mail,
  coalesce(sum(ms) FILTER (WHERE parent = 'news'), 0) AS news,
  coalesce(sum(ms) FILTER (WHERE parent = 'other'), 0) AS unclassified,
  coalesce(sum(ms) FILTER (WHERE parent = 'private'), 0) AS private,
  coalesce(sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'crm'), 0)
    AS productivity_crm,
  coalesce(sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'other'), 0)
    AS productivity_other,
  coalesce(sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'presentations'), 0)
    AS productivity_presentations,
  coalesce(sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'programming'), 0)
    AS productivity_programming,
  coalesce(
    sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'project management'),
    0
  ) AS productivity_project_management,
  coalesce(sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'spreadsheets'), 0)
    AS productivity_spreadsheets,
  coalesce(
    sum(ms) FILTER (WHERE parent = 'productivity' AND sub = 'word processing'),
    0
  ) AS productivity_word_processing,
  coalesce(sum(ms) FILTER (WHERE parent = 'recreation' AND sub = 'travel'), 0)
    AS recreation_travel,
  coalesce(sum(ms) FILTER (WHERE parent = 'reference'), 0) AS reference,
  coalesce(sum(ms) FILTER (WHERE parent = 'search'), 0) AS search,
  coalesce(sum(ms) FILTER (WHERE parent = 'shopping'), 0) AS shopping,
  coalesce(sum(ms) FILTER (WHERE parent = 'social' AND sub = 'social network'), 0)
    AS social_social_network,
  coalesce(sum(ms) FILTER (WHERE parent = 'social' AND sub = 'communication'), 0)
    AS social_communication,
  coalesce(sum(ms) FILTER (WHERE parent = 'social' AND sub = 'communication - live'), 0)
    AS social_communication_live
FROM (
  SELECT
    guid,
    dt,
    parent_category AS parent,
    sub_category AS sub,
    duration_ms AS ms
  FROM system_web_cat_usage
)
GROUP BY guid, dt
