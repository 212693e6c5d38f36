/*
role: group
grain: >-
  One row per device with days of browsing. All shares are 0 where no time is on a
  listed pair of web categories.
reads: [system_web_cat_pivot_duration]
device: guid
constraints:
  - sum:
      columns: [content_creation_photo_edit_creation,
        content_creation_video_audio_edit_creation,
        content_creation_web_design_development, education,
        entertainment_music_audio_streaming, entertainment_other,
        entertainment_video_streaming, finance, games_other, games_video_games, mail,
        news, unclassified, private, productivity_crm, productivity_other,
        productivity_presentations, productivity_programming,
        productivity_project_management, productivity_spreadsheets,
        productivity_word_processing, recreation_travel, reference, search, shopping,
        social_social_network, social_communication, social_communication_live]
      total: 100
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false, about: days of browsing}
  content_creation_photo_edit_creation:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on content creation, photo edit/creation"}
  content_creation_video_audio_edit_creation:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on content creation, video/audio edit/creation"}
  content_creation_web_design_development:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on content creation, web design / development"}
  education:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on education"}
  entertainment_music_audio_streaming:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on entertainment, music / audio streaming"}
  entertainment_other:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on entertainment, other"}
  entertainment_video_streaming:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on entertainment, video streaming"}
  finance:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on finance"}
  games_other:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on games, other"}
  games_video_games:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on games, video games"}
  mail:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on mail"}
  news:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on news"}
  unclassified:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on no known category"}
  private:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on private"}
  productivity_crm:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, crm"}
  productivity_other:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, other"}
  productivity_presentations:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, presentations"}
  productivity_programming:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, programming"}
  productivity_project_management:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, project management"}
  productivity_spreadsheets:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, spreadsheets"}
  productivity_word_processing:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on productivity, word processing"}
  recreation_travel:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on recreation, travel"}
  reference:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on reference"}
  search:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on search"}
  shopping:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on shopping"}
  social_social_network:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on social, social network"}
  social_communication:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on social, communication"}
  social_communication_live:
    {kind: double, unit: "%", low: 0.01, high: 100, bins: 12, scale: log,
    about: "share of time on social, communication - live"}
*/
SELECT
  guid,
  count(*) AS num_days,
  coalesce(100 * sum(content_creation_photo_edit_creation) / nullif(sum(total), 0), 0)
    AS content_creation_photo_edit_creation,
  coalesce(
    100 * sum(content_creation_video_audio_edit_creation) / nullif(sum(total), 0), 0
  ) AS content_creation_video_audio_edit_creation,
  coalesce(
    100 * sum(content_creation_web_design_development) / nullif(sum(total), 0), 0
  ) AS content_creation_web_design_development,
  coalesce(100 * sum(education) / nullif(sum(total), 0), 0) AS education,
  coalesce(100 * sum(entertainment_music_audio_streaming) / nullif(sum(total), 0), 0)
    AS entertainment_music_audio_streaming,
  coalesce(100 * sum(entertainment_other) / nullif(sum(total), 0), 0)
    AS entertainment_other,
  coalesce(100 * sum(entertainment_video_streaming) / nullif(sum(total), 0), 0)
    AS entertainment_video_streaming,
  coalesce(100 * sum(finance) / nullif(sum(total), 0), 0) AS finance,
  coalesce(100 * sum(games_other) / nullif(sum(total), 0), 0) AS games_other,
  coalesce(100 * sum(games_video_games) / nullif(sum(total), 0), 0)
    AS games_video_games,
  coalesce(100 * sum(mail) / nullif(sum(total), 0), 0) AS mail,
  coalesce(100 * sum(news) / nullif(sum(total), 0), 0) AS news,
  coalesce(100 * sum(unclassified) / nullif(sum(total), 0), 0) AS unclassified,
  coalesce(100 * sum(private) / nullif(sum(total), 0), 0) AS private,
  coalesce(100 * sum(productivity_crm) / nullif(sum(total), 0), 0) AS productivity_crm,
  coalesce(100 * sum(productivity_other) / nullif(sum(total), 0), 0)
    AS productivity_other,
  coalesce(100 * sum(productivity_presentations) / nullif(sum(total), 0), 0)
    AS productivity_presentations,
  coalesce(100 * sum(productivity_programming) / nullif(sum(total), 0), 0)
    AS productivity_programming,
  coalesce(100 * sum(productivity_project_management) / nullif(sum(total), 0), 0)
    AS productivity_project_management,
  coalesce(100 * sum(productivity_spreadsheets) / nullif(sum(total), 0), 0)
    AS productivity_spreadsheets,
  coalesce(100 * sum(productivity_word_processing) / nullif(sum(total), 0), 0)
    AS productivity_word_processing,
  coalesce(100 * sum(recreation_travel) / nullif(sum(total), 0), 0)
    AS recreation_travel,
  coalesce(100 * sum(reference) / nullif(sum(total), 0), 0) AS reference,
  coalesce(100 * sum(search) / nullif(sum(total), 0), 0) AS search,
  coalesce(100 * sum(shopping) / nullif(sum(total), 0), 0) AS shopping,
  coalesce(100 * sum(social_social_network) / nullif(sum(total), 0), 0)
    AS social_social_network,
  coalesce(100 * sum(social_communication) / nullif(sum(total), 0), 0)
    AS social_communication,
  coalesce(100 * sum(social_communication_live) / nullif(sum(total), 0), 0)
    AS social_communication_live
FROM (
  SELECT
    *,
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
    + social_communication_live AS total
  FROM system_web_cat_pivot_duration
)
GROUP BY guid
