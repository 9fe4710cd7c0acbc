-- the steps that lead nowhere else: the seeds where nothing stops
SELECT DISTINCT 0 AS level, 0 AS calls, 0.0 AS doubt, 'start' AS why, '' AS name, id AS near, id,
       'certain' AS certainty, 0 AS entry, 0 AS before
FROM seeds WHERE id NOT IN (SELECT id FROM stopped)
