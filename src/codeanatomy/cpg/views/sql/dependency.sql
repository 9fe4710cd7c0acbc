-- distributions that the project declares or uses
SELECT "file_id", "node", "name", "version", "requirement", "known" FROM "distribution"
WHERE "requirement" IS NOT NULL
   OR "node" IN (SELECT "distribution" FROM "provided")
