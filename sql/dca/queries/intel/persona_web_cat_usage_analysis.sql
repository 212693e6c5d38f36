/*
question: On what do people of each kind of use spend their time in the browser?
codename: PersonaPivot
type: pivot
tables: [system_sysinfo_unique_normalized, system_web_cat_pivot_duration]
keys: [persona]
# A device's shares count by its days. One without time on any listed category gives
# 0 / 0, which is NaN and blanks its persona, as in the study.
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  days: {metric: relative_error, threshold: 0.25}
  content_creation_photo_edit_creation: {metric: relative_error, threshold: 0.25}
  content_creation_video_audio_edit_creation: {metric: relative_error, threshold: 0.25}
  content_creation_web_design_development: {metric: relative_error, threshold: 0.25}
  education: {metric: relative_error, threshold: 0.25}
  entertainment_music_audio_streaming: {metric: relative_error, threshold: 0.25}
  entertainment_other: {metric: relative_error, threshold: 0.25}
  entertainment_video_streaming: {metric: relative_error, threshold: 0.25}
  finance: {metric: relative_error, threshold: 0.25}
  games_other: {metric: relative_error, threshold: 0.25}
  games_video_games: {metric: relative_error, threshold: 0.25}
  mail: {metric: relative_error, threshold: 0.25}
  news: {metric: relative_error, threshold: 0.25}
  unclassified: {metric: relative_error, threshold: 0.25}
  private: {metric: relative_error, threshold: 0.25}
  productivity_crm: {metric: relative_error, threshold: 0.25}
  productivity_other: {metric: relative_error, threshold: 0.25}
  productivity_presentations: {metric: relative_error, threshold: 0.25}
  productivity_programming: {metric: relative_error, threshold: 0.25}
  productivity_project_management: {metric: relative_error, threshold: 0.25}
  productivity_spreadsheets: {metric: relative_error, threshold: 0.25}
  productivity_word_processing: {metric: relative_error, threshold: 0.25}
  recreation_travel: {metric: relative_error, threshold: 0.25}
  reference: {metric: relative_error, threshold: 0.25}
  search: {metric: relative_error, threshold: 0.25}
  shopping: {metric: relative_error, threshold: 0.25}
  social_social_network: {metric: relative_error, threshold: 0.25}
  social_communication: {metric: relative_error, threshold: 0.25}
  social_communication_live: {metric: relative_error, threshold: 0.25}
devices: number_of_systems
contributions:
  select: >-
    WITH weighted AS (SELECT *, least(num_days, 60) AS days, days /
    (content_creation_photo_edit_creation +
    content_creation_video_audio_edit_creation +
    content_creation_web_design_development + education +
    entertainment_music_audio_streaming + entertainment_other +
    entertainment_video_streaming + finance + games_other + games_video_games + mail
    + news + unclassified + private + productivity_crm + productivity_other +
    productivity_presentations + productivity_programming +
    productivity_project_management + productivity_spreadsheets +
    productivity_word_processing + recreation_travel + reference + search + shopping
    + social_social_network + social_communication + social_communication_live) AS
    weight FROM system_sysinfo_unique_normalized JOIN system_web_cat_pivot_duration
    USING (guid)) SELECT guid, persona, days, weight *
    content_creation_photo_edit_creation AS content_creation_photo_edit_creation,
    weight * content_creation_video_audio_edit_creation AS
    content_creation_video_audio_edit_creation, weight *
    content_creation_web_design_development AS
    content_creation_web_design_development, weight * education AS education, weight
    * entertainment_music_audio_streaming AS entertainment_music_audio_streaming,
    weight * entertainment_other AS entertainment_other, weight *
    entertainment_video_streaming AS entertainment_video_streaming, weight * finance
    AS finance, weight * games_other AS games_other, weight * games_video_games AS
    games_video_games, weight * mail AS mail, weight * news AS news, weight *
    unclassified AS unclassified, weight * private AS private, weight *
    productivity_crm AS productivity_crm, weight * productivity_other AS
    productivity_other, weight * productivity_presentations AS
    productivity_presentations, weight * productivity_programming AS
    productivity_programming, weight * productivity_project_management AS
    productivity_project_management, weight * productivity_spreadsheets AS
    productivity_spreadsheets, weight * productivity_word_processing AS
    productivity_word_processing, weight * recreation_travel AS recreation_travel,
    weight * reference AS reference, weight * search AS search, weight * shopping AS
    shopping, weight * social_social_network AS social_social_network, weight *
    social_communication AS social_communication, weight * social_communication_live
    AS social_communication_live FROM weighted
  keys:
    persona: system_sysinfo_unique_normalized.persona
  amounts:
    days: 60
    content_creation_photo_edit_creation: 60
    content_creation_video_audio_edit_creation: 60
    content_creation_web_design_development: 60
    education: 60
    entertainment_music_audio_streaming: 60
    entertainment_other: 60
    entertainment_video_streaming: 60
    finance: 60
    games_other: 60
    games_video_games: 60
    mail: 60
    news: 60
    unclassified: 60
    private: 60
    productivity_crm: 60
    productivity_other: 60
    productivity_presentations: 60
    productivity_programming: 60
    productivity_project_management: 60
    productivity_spreadsheets: 60
    productivity_word_processing: 60
    recreation_travel: 60
    reference: 60
    search: 60
    shopping: 60
    social_social_network: 60
    social_communication: 60
    social_communication_live: 60
  values:
    number_of_systems: devices
    days: days
    content_creation_photo_edit_creation: [content_creation_photo_edit_creation, days, 100]
    content_creation_video_audio_edit_creation: [content_creation_video_audio_edit_creation, days, 100]
    content_creation_web_design_development: [content_creation_web_design_development, days, 100]
    education: [education, days, 100]
    entertainment_music_audio_streaming: [entertainment_music_audio_streaming, days, 100]
    entertainment_other: [entertainment_other, days, 100]
    entertainment_video_streaming: [entertainment_video_streaming, days, 100]
    finance: [finance, days, 100]
    games_other: [games_other, days, 100]
    games_video_games: [games_video_games, days, 100]
    mail: [mail, days, 100]
    news: [news, days, 100]
    unclassified: [unclassified, days, 100]
    private: [private, days, 100]
    productivity_crm: [productivity_crm, days, 100]
    productivity_other: [productivity_other, days, 100]
    productivity_presentations: [productivity_presentations, days, 100]
    productivity_programming: [productivity_programming, days, 100]
    productivity_project_management: [productivity_project_management, days, 100]
    productivity_spreadsheets: [productivity_spreadsheets, days, 100]
    productivity_word_processing: [productivity_word_processing, days, 100]
    recreation_travel: [recreation_travel, days, 100]
    reference: [reference, days, 100]
    search: [search, days, 100]
    shopping: [shopping, days, 100]
    social_social_network: [social_social_network, days, 100]
    social_communication: [social_communication, days, 100]
    social_communication_live: [social_communication_live, days, 100]
*/
WITH weighted AS (
  SELECT
    *,
    num_days / (
      content_creation_photo_edit_creation
      + content_creation_video_audio_edit_creation
      + content_creation_web_design_development
      + education
      + entertainment_music_audio_streaming
      + entertainment_other
      + entertainment_video_streaming
      + finance
      + games_other
      + games_video_games
      + mail
      + news
      + unclassified
      + private
      + productivity_crm
      + productivity_other
      + productivity_presentations
      + productivity_programming
      + productivity_project_management
      + productivity_spreadsheets
      + productivity_word_processing
      + recreation_travel
      + reference
      + search
      + shopping
      + social_social_network
      + social_communication
      + social_communication_live
    ) AS weight
  FROM system_sysinfo_unique_normalized
  JOIN system_web_cat_pivot_duration USING (guid)
)
SELECT
  persona,
  count(*) AS number_of_systems,
  CAST(sum(num_days) AS BIGINT) AS days,
  round(100 * sum(weight * content_creation_photo_edit_creation) / sum(num_days), 3)
    AS content_creation_photo_edit_creation,
  round(
    100 * sum(weight * content_creation_video_audio_edit_creation) / sum(num_days), 3
  ) AS content_creation_video_audio_edit_creation,
  round(100 * sum(weight * content_creation_web_design_development) / sum(num_days), 3)
    AS content_creation_web_design_development,
  round(100 * sum(weight * education) / sum(num_days), 3) AS education,
  round(100 * sum(weight * entertainment_music_audio_streaming) / sum(num_days), 3)
    AS entertainment_music_audio_streaming,
  round(100 * sum(weight * entertainment_other) / sum(num_days), 3)
    AS entertainment_other,
  round(100 * sum(weight * entertainment_video_streaming) / sum(num_days), 3)
    AS entertainment_video_streaming,
  round(100 * sum(weight * finance) / sum(num_days), 3) AS finance,
  round(100 * sum(weight * games_other) / sum(num_days), 3) AS games_other,
  round(100 * sum(weight * games_video_games) / sum(num_days), 3) AS games_video_games,
  round(100 * sum(weight * mail) / sum(num_days), 3) AS mail,
  round(100 * sum(weight * news) / sum(num_days), 3) AS news,
  round(100 * sum(weight * unclassified) / sum(num_days), 3) AS unclassified,
  round(100 * sum(weight * private) / sum(num_days), 3) AS private,
  round(100 * sum(weight * productivity_crm) / sum(num_days), 3) AS productivity_crm,
  round(100 * sum(weight * productivity_other) / sum(num_days), 3)
    AS productivity_other,
  round(100 * sum(weight * productivity_presentations) / sum(num_days), 3)
    AS productivity_presentations,
  round(100 * sum(weight * productivity_programming) / sum(num_days), 3)
    AS productivity_programming,
  round(100 * sum(weight * productivity_project_management) / sum(num_days), 3)
    AS productivity_project_management,
  round(100 * sum(weight * productivity_spreadsheets) / sum(num_days), 3)
    AS productivity_spreadsheets,
  round(100 * sum(weight * productivity_word_processing) / sum(num_days), 3)
    AS productivity_word_processing,
  round(100 * sum(weight * recreation_travel) / sum(num_days), 3) AS recreation_travel,
  round(100 * sum(weight * reference) / sum(num_days), 3) AS reference,
  round(100 * sum(weight * search) / sum(num_days), 3) AS search,
  round(100 * sum(weight * shopping) / sum(num_days), 3) AS shopping,
  round(100 * sum(weight * social_social_network) / sum(num_days), 3)
    AS social_social_network,
  round(100 * sum(weight * social_communication) / sum(num_days), 3)
    AS social_communication,
  round(100 * sum(weight * social_communication_live) / sum(num_days), 3)
    AS social_communication_live
FROM weighted
GROUP BY persona
ORDER BY persona
