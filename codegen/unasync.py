"""Derives the sync twin of an async file, line for line.

The async source is the only one written. Its twin is the same text with tokens replaced and no line added
or removed, so line 120 of a sync traceback is line 120 of the async file. Three kinds of text are told apart:

* code: ``async`` and ``await`` are dropped, identifiers go through ``Rules.names``;
* comments and plain strings: the same identifiers, and in handwritten files ``Rules.prose``. Generated files
  quote the protocol, which may well speak of asynchronous work, so prose is left alone there;
* f-strings are never touched, since not every Python tokenizes them: :func:`lint` keeps them neutral.

Nothing half translated passes. :func:`lint` refuses source that has no line-for-line twin, the rewriter
refuses a result in which async names are left or two names became one, :func:`verify` compares both syntax
trees, and :func:`derive_tree` refuses a rule that nothing needed.

A handwritten file starts with the line ``SOURCE_MARK``, a generated one with ``# @generated``; the twin has
its own header in place of it. Paths are relative to the package: ``_async/turn.py`` gives ``_sync/turn.py``.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .findings import CodegenError, Finding
from .unasync_rules import RULES, Rules

SOURCE_MARK = '# The synchronous twin of this file is derived line for line: run "make generate".'
GENERATED_MARK = "# @generated "
_TWIN_MARK = '# @generated from {source} (same line numbers) by python -m codegen. Do not edit: run "make generate".'
_TWIN_OF_GENERATED = "{header} Source: {source} (same line numbers)."

_KEYWORDS = ("async", "await")
# A word starts at a word boundary; the letter of an escape like \n is not part of the word after it.
_WORD = re.compile(r"(?:(?<=\\[abfnrtv])|(?<![\\\w]))[^\W\d]\w*")
_STRING_PREFIX = re.compile(r"[A-Za-z]*")
_LEFTOVER = re.compile(
    r"\w*Async[A-Z]\w*|(?:async|ASYNC)_[a-zA-Z]\w*|asyncio|\w*asynccontextmanager|aclosing|aiter|anext"
    r"|Awaitable|Coroutine|__a(?:enter|exit|iter|next)__"
)
_SYNC_NAME = re.compile(r"_*Sync[A-Z]\w*")
_FORBIDDEN_IMPORTS = frozenset({"asyncio", "threading"})
_FORBIDDEN_NAMES = {
    "AsyncGenerator": "write a class with __anext__: a plain generator has other methods",
    "Awaitable": "define an alias for each world in _compat and rename it by a rule",
    "Coroutine": "define an alias for each world in _compat and rename it by a rule",
}
_REWRITE = "write the source so that it translates, or correct the rules"


class UnasyncError(CodegenError):
    """The async source has no faithful twin; ``findings`` says where, why and what to do."""


def derive(source: str, *, rules: Rules = RULES, source_name: str) -> str:
    """Return the sync twin of one async source.

    Args:
        source: Text of the async file, newline-terminated lines.
        rules: Names and prose to rewrite.
        source_name: Path of the source within the package, for the header and in errors.

    Raises:
        UnasyncError: Something async would be left, or two names would become one.
    """
    return _derive(source, rules, source_name)[0]


def derive_tree(files: Mapping[str, str], *, rules: Rules = RULES) -> dict[str, str]:
    """Return the sync twins of a whole tree, checked.

    Args:
        files: Path within the package -> text of every async file.
        rules: Names and prose to rewrite; each entry must be needed somewhere in ``files``.

    Returns:
        Path within the package -> text of every twin, in the order of the sorted sources.

    Raises:
        UnasyncError: Any finding of lint, rewriter or verification, in any file, or an unused rule.
    """
    twins: dict[str, str] = {}
    used: set[str] = set()
    findings: list[Finding] = []
    for path, source in sorted(files.items()):
        untranslatable = _lint(source, rules, path)
        findings += untranslatable
        if untranslatable:
            continue
        try:
            twin_path = twin_of(path)
            twins[twin_path], hits = _derive(source, rules, path)
            verify(source, twins[twin_path], rules=rules, source_name=path)
            used |= hits
        except UnasyncError as error:
            findings += error.findings
    if not findings:
        findings = [
            Finding("codegen/unasync_rules.py", f"the rule {rule!r} matches nothing", "remove it")
            for rule in (*rules.names, *rules.prose)
            if rule not in used
        ]
    if findings:
        raise UnasyncError(findings)
    return twins


def twin_of(path: str) -> str:
    """Return the path of the twin: ``_async/turn.py`` -> ``_sync/turn.py``."""
    folders = {"_async": "_sync", "handlers_async": "handlers_sync", "rpc_async": "rpc_sync"}
    twin = "/".join(folders.get(part, part) for part in path.split("/"))
    if twin == path:
        raise UnasyncError([Finding(path, "has no twin folder", f"put it below {' or '.join(folders)}")])
    return twin


def lint(source: str, *, rules: Rules = RULES, source_name: str = "<async source>") -> list[str]:
    """Return what in an async source has no line-for-line twin, one text each; empty when all is well."""
    return [str(finding) for finding in _lint(source, rules, source_name)]


def verify(async_source: str, sync_source: str, *, rules: Rules = RULES, source_name: str = "<async source>") -> None:
    """Compare both syntax trees: nothing async is left, and all names and signatures are the same.

    Every function, class and assigned name of module and class level must be there, in the same order, on the
    same line, with the same decorators and bases, parameters, defaults and annotations once the names are
    rewritten.

    Raises:
        UnasyncError: The twin differs.
    """
    try:
        async_tree, sync_tree = ast.parse(async_source), ast.parse(sync_source)
    except SyntaxError as error:
        finding = Finding(f"{source_name}:{error.lineno}", f"the twin does not parse: {error.msg}", _REWRITE)
        raise UnasyncError([finding]) from error
    findings = [
        Finding(source_name, f"the twin has an asynchronous {type(node).__name__}", _REWRITE)
        for node in ast.walk(sync_tree)
        if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await))
        or (isinstance(node, ast.comprehension) and node.is_async)
    ]
    expected = [_rename(line, rules.names) for line in _outline(async_tree.body)]
    actual = list(_outline(sync_tree.body))
    if expected != actual:
        first = next(
            (pair for pair in zip(expected, actual, strict=False) if pair[0] != pair[1]),
            (f"{len(expected)} definitions", f"{len(actual)} definitions"),
        )
        findings.append(Finding(source_name, f"source has `{first[0]}`, twin has `{first[1]}`", _REWRITE))
    if findings:
        raise UnasyncError(findings)


def _lint(source: str, rules: Rules, source_name: str) -> list[Finding]:
    def found(line: int, reason: str, next_step: str) -> None:
        findings.setdefault((line, reason), Finding(f"{source_name}:{line}", reason, next_step))

    findings: dict[tuple[int, str], Finding] = {}
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return [Finding(f"{source_name}:{error.lineno}", error.msg, "correct it")]
    header = source.split("\n", 1)[0]
    if header != SOURCE_MARK and not header.startswith(GENERATED_MARK):
        found(1, "the header line is missing", f"start the file with {SOURCE_MARK!r}")
    for token in _tokens(source):
        if token.kind == "name" and token.text in _KEYWORDS:
            after = source[token.end : token.end + 2]
            if not after.startswith(" ") or after[1:].isspace() or after.endswith("\\"):
                found(token.line, f"{token.text} without its space", f"write `{token.text} x` on one line")
        elif token.kind == "name" and token.text in _FORBIDDEN_NAMES:
            found(token.line, f"{token.text} has no twin", _FORBIDDEN_NAMES[token.text])
        elif token.kind == "fstring":
            for line, word in _words(token.text, token.line):
                if word in _KEYWORDS or word in rules.names or _is_leftover(word, rules):
                    found(line, f"{word} inside an f-string", "assign it to a variable before")
    for line, module in _imports(tree):
        if module.split(".")[0] in _FORBIDDEN_IMPORTS:
            found(line, f"import of {module}", "what differs between the worlds sits in _compat")
    return [finding for _, finding in sorted(findings.items())]


def _derive(source: str, rules: Rules, source_name: str) -> tuple[str, set[str]]:
    """Return the twin and the rules that had a hit."""
    generated = source.startswith(GENERATED_MARK)
    hits: set[str] = set()
    pieces: list[str] = []
    findings: list[Finding] = []
    done = 0
    for token in _tokens(source):
        old, end = token.text, token.end
        if token.kind == "name" and old in _KEYWORDS:
            new = ""
            while source[end : end + 1] == " ":
                end += 1
        elif token.kind == "name":
            new = _rename(old, rules.names, hits)
        elif token.kind == "text":
            new = old if generated else _reword(old, rules.prose, hits)
            new = _rename(new, rules.names, hits)
        else:
            new = old
        if token.kind == "name" or (token.kind == "text" and not generated):
            findings += [
                Finding(f"{source_name}:{line}", f"{word} would be left in the twin", "add a rule or reword")
                for line, word in _words(new, token.line)
                if _is_leftover(word, rules) or (token.kind == "text" and word in _KEYWORDS)
            ]
        pieces += [source[done : token.start], new]
        done = end
    findings += _merged_names(source, rules, source_name)
    twin = "".join([*pieces, source[done:]])
    if twin.count("\n") != source.count("\n"):
        findings.append(Finding(source_name, "a rule adds or removes a line", "correct it"))
    if findings:
        raise UnasyncError(findings)
    header, _, body = twin.partition("\n")
    mark = _TWIN_OF_GENERATED if generated else _TWIN_MARK
    return mark.format(header=header, source=source_name) + "\n" + body, hits


def _merged_names(source: str, rules: Rules, source_name: str) -> list[Finding]:
    """Report names that would fall together, such as a model ``Thread`` beside ``AsyncThread``."""
    lines: dict[str, int] = {}
    before = ""
    for token in _tokens(source):
        if token.kind == "name" and before != ".":
            lines.setdefault(token.text, token.line)
        before = source[token.end - 1 : token.end] if token.kind == "other" else ""
    return [
        Finding(
            f"{source_name}:{lines[new]}",
            f"{old} and {new} would both be {new} in the twin",
            f"reach {new} through its module",
        )
        for old, new in rules.names.items()
        if old in lines and new in lines
    ]


def _reword(text: str, prose: Mapping[str, str], hits: set[str]) -> str:
    for pattern, replacement in prose.items():
        text, count = re.subn(pattern, replacement, text)
        if count:
            hits.add(pattern)
    return text


def _rename(text: str, names: Mapping[str, str], hits: set[str] | None = None) -> str:
    def renamed(match: re.Match[str]) -> str:
        word = match.group()
        if hits is not None and word in names:
            hits.add(word)
        return names.get(word, word)

    return _WORD.sub(renamed, text)


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""


def _words(text: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield every word of a token that starts on ``line``, with its own line."""
    for match in _WORD.finditer(text):
        yield line + text.count("\n", 0, match.start()), match.group()


def _is_leftover(word: str, rules: Rules) -> bool:
    return word not in rules.keep and bool(_LEFTOVER.fullmatch(word) or _SYNC_NAME.fullmatch(word))


@dataclass(frozen=True)
class _Token:
    """A token by its offsets in the source; ``kind`` is name, text, fstring or other."""

    kind: str
    text: str
    start: int
    end: int
    line: int


def _tokens(source: str) -> Iterator[_Token]:
    """Yield the tokens that have text; an f-string is one token whichever Python runs this."""
    starts = [0]
    for line in io.StringIO(source):
        starts.append(starts[-1] + len(line))
    opened: list[tuple[int, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        kind = tokenize.tok_name[token.type]
        if kind in ("FSTRING_START", "TSTRING_START"):
            opened.append((start, token.start[0]))
        elif kind in ("FSTRING_END", "TSTRING_END"):
            start, line_number = opened.pop()
            if not opened:
                yield _Token("fstring", source[start:end], start, end, line_number)
        elif not opened and start < end and token.string.strip():
            if token.type == tokenize.NAME:
                kind = "name"
            elif token.type == tokenize.COMMENT:
                kind = "text"
            elif token.type == tokenize.STRING:
                prefix = _STRING_PREFIX.match(token.string)
                kind = "fstring" if prefix and "f" in prefix.group().lower() else "text"
            else:
                kind = "other"
            yield _Token(kind, token.string, start, end, token.start[0])


def _outline(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Yield one line of text per definition of a module or class body, branches included."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            signature = f"{prefix}{node.name}({ast.unparse(node.args)}){returns}"
            yield f"{node.lineno}: {_decorators(node)}def {signature}"
        elif isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in [*node.bases, *(k.value for k in node.keywords)])
            yield f"{node.lineno}: {_decorators(node)}class {prefix}{node.name}({bases})"
            yield from _outline(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target, node.annotation]
            yield f"{node.lineno}: {prefix}{', '.join(ast.unparse(target) for target in targets)}"
        elif isinstance(node, (ast.If, ast.Try)):
            handlers = node.handlers if isinstance(node, ast.Try) else []
            for branch in (node.body, *(handler.body for handler in handlers), node.orelse):
                yield from _outline(branch, prefix)


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return "".join(f"@{ast.unparse(decorator)} " for decorator in node.decorator_list)
