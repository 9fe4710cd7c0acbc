-- external symbols and the distribution that each comes from
SELECT x."file_id", x."node", p."distribution", p."known", p."certainty", p."confidence"
FROM "external" x JOIN "provided_module" p ON split_part(x."symbol", '.', 1) = p."top"
WHERE starts_with(x."symbol" || '.', p."module" || '.')
