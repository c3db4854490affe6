"""What the veil hides, and what it leaves to be read."""

from __future__ import annotations

import pytest

from openai_codex._cli.secrets import Veil

WORD = "correcthorse"


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "CODEX_ACCESS_TOKEN",
        "my_secret",
        "PGPASSWORD",
        "DB_PASSWD",
        "AWS_CREDENTIALS",
        "PROXY_AUTH",
        "DB_PASS",
        "smtp_pass",
        "MYSQLPASS",
        "PASS",
        "MYSQL_PASS_OLD",
        "GPG_PASSPHRASE",
        "VPN_PASSCODE",
        "BYPASS_PASSWORD",
        "TELECOMPASSWORD",
        "TELECOMPASSPHRASE",
        "PASSIVE_DB_PASS",
    ],
)
def test_value_of_a_variable_with_such_a_name_is_hidden(name: str) -> None:
    assert Veil({name: WORD}).over(f"got '{WORD}', sent x={WORD}.") == "got '***', sent x=***."


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "GIT_AUTHOR_NAME",
        "LANG",
        "COMPASS_HOME",
        "PROXY_BYPASS",
        "TRESPASSER",
        "UNDERPASS",
        "OVERPASS_URL",
        "FTP_PASSIVE",
        "PASSAGE",
        "PASSENGER_APP_ENV",
        "PASSPORT_NAME",
        "TESTS_PASSED",
        "PASSING_SCORE",
        "GPU_PASSTHROUGH",
    ],
)
def test_value_of_another_variable_is_shown(name: str) -> None:
    assert Veil({name: WORD}).over(WORD) == WORD


def test_short_value_and_part_of_a_word_are_shown() -> None:
    veil = Veil({"A_KEY": "on", "EMPTY_KEY": "", "MODE_AUTH": "default"})
    assert veil.over("nothing on defaults") == "nothing on defaults"


def test_longer_secret_is_not_cut_by_a_shorter_one() -> None:
    assert Veil({"A_KEY": "abcdef", "B_KEY": "abcdef-ghi"}).over("abcdef-ghi") == "***"


@pytest.mark.parametrize(
    "override",
    [
        f"model={WORD}",
        f'model="{WORD}"',
        f"model = '{WORD}'",
        f'model_providers.x={{name="x", experimental_bearer_token="{WORD}"}}',
        f'notify=["a", "{WORD}"]',
    ],
)
def test_strings_of_a_setting_are_hidden(override: str) -> None:
    assert Veil({}, [override]).over(f"unknown variant `{WORD}`") == "unknown variant `***`"


def test_whole_value_of_a_setting_is_hidden() -> None:
    assert Veil({}, ["a=[1, 2, 3"]).over("cannot read [1, 2, 3 at all") == "cannot read *** at all"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('invalid type: string "my word", expected i64', "invalid type: string ***, expected i64"),
        (r'invalid value: string "a \"b\" c", expected x', "invalid value: string ***, expected x"),
        ("proxy http://me:pass@proxy:80/x", "proxy http://***@proxy:80/x"),
        ("logged in as jo.doe+x@mail.example.com now", "logged in as *** now"),
        ("<jo@example.org>, ann@x-1.co.uk. mail=bob@1.example.com", "<***>, ***. mail=***"),
        ("of ann@example.org: see /home/ann", "of ***: see /home/ann"),
        ("jo@пример.рф jo@xn--e1afmkfd.xn--p1ai", "*** ***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("key sk-proj-0123456789", "key ***"),
        ("token ghp_0123456789", "token ***"),
        ("at line 2\n  |\n2 | key = abc\n  | ^\nno", "at line 2\n  |\n2 | ***\n  | ^\nno"),
        ("jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt ***"),
    ],
)
def test_secret_is_known_by_its_form(text: str, shown: str) -> None:
    assert Veil({}).over(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "/home/me/.codex/config.toml:2:7: unexpected `=` in array, expected value, `]`",
        "unknown variant `bogus`, expected one of `untrusted`, `never`",
        "see https://developers.openai.com/codex/concepts/sandboxing#prerequisites",
        "the task-based sk-ip",
        "/opt/homebrew/opt/python@3.12/bin/codex and python@3.12, codex@0.163.0-alpha.1",
        "/opt/codex@next.old/bin and codex@next.old/bin",
        "/usr/lib/python@next.old",
    ],
)
def test_other_text_is_shown(text: str) -> None:
    assert Veil({"API_KEY": WORD}, [f"a={WORD}"]).over(text) == text
