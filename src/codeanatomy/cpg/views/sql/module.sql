-- the module node of each file
SELECT "file_id", "node", "witness" FROM "definition" WHERE "construct" = 'Module'
