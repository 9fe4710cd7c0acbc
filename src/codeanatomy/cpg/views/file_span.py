"""Files as things with a span: all of their bytes."""

from codeanatomy.facts.tables.views import FileSpan
from codeanatomy.semantic.declare import View

FILE_SPAN = View(
    name="file_span",
    struct=FileSpan,
    sql="""SELECT "file_id", "path", 0 AS "bstart", "size" AS "bend", 1 AS "line" FROM
    "source_file" """,
)
