-- trouble with the input, with its place
SELECT severity, code, path, line, message, stage, witness, bstart, bend
FROM problems
ORDER BY path, bstart, bend, code, message
