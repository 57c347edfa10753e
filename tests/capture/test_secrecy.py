"""What is secret is in no record, wherever it turns up; what is not is left as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from capturing import observing, only, raising
from django.contrib.auth.hashers import get_hasher
from django.dispatch import Signal
from hiding import HIDDEN, overridden, sent, written

from sigexplorer.capture import words
from sigexplorer.capture.secrecy import looks_secret, scrub
from sigexplorer.masking import command_line
from sigexplorer.model import SECRET

if TYPE_CHECKING:
    pass

# By the name it goes by.


NAMES_OF_SECRETS = """
password PASSWORD new_password1 passwd db_passwd passphrase secret client_secret secret_key token
csrf_token auth_token reset_token accessToken signature cookie cookies set_cookie
csrfmiddlewaretoken authorization HTTP_AUTHORIZATION api_key apikey API_KEY x_api_key session_id
sessionid session_key session_data session_hash key private_key auth bearer jwt otp otp_code pass
pin user_pin pwd salt totp cvv cvc
"""

ORDINARY_NAMES = """
author author_id authored authority keyboard keyword monkey turkey username user email instance
created raw using update_fields pk pk_set model action reverse origin request response setting enter
signal passenger compass bypass bypassed passed pinned spinning opinion shipping salted saltwater
apiary capital tokyo design resign sign description session sessions environ scope connection
app_config verbosity
"""


@pytest.mark.parametrize("name", NAMES_OF_SECRETS.split())
def test_secret_names(name: str) -> None:
    """A value under a secret's name is not shown, as an argument and as a member."""
    assert looks_secret(name)
    trace = sent(**{name: HIDDEN}, mapping={name: HIDDEN}, deeper=[{"a": {name: [HIDDEN]}}])
    assert HIDDEN not in written(trace)
    assert only(trace).argument(name) == SECRET
    assert only(trace).argument("mapping") == f"{{{name!r}: {SECRET!r}}}"


@pytest.mark.parametrize("name", ORDINARY_NAMES.split())
def test_ordinary_names(name: str) -> None:
    """A name that only contains the letters of a secret's hides nothing."""
    assert not looks_secret(name)
    assert words.value("shown", name) == "shown"
    assert words.value({name: "shown"}) == f"{{{name!r}: 'shown'}}"


def test_what_is_no_secret_under_a_secrets_name() -> None:
    """None, true and false tell nothing, and are shown."""
    trace = sent(token=None, password=False, secret=True, key=0, mapping={"token": None})
    assert only(trace).arguments == (
        ("token", None),
        ("password", False),
        ("secret", True),
        ("key", SECRET),
        ("mapping", "{'token': None}"),
    )


# By its shape.


def hash_of(algorithm: str) -> str:
    """Return a password hash as Django stores it."""
    hashers = {
        "pbkdf2_sha256": "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "pbkdf2_sha1": "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "scrypt": "django.contrib.auth.hashers.ScryptPasswordHasher",
        "md5": "django.contrib.auth.hashers.MD5PasswordHasher",
    }
    with overridden(PASSWORD_HASHERS=[hashers[algorithm]]):
        module, _, name = hashers[algorithm].rpartition(".")
        hasher = getattr(__import__(module, fromlist=[name]), name)()
        assert get_hasher is not None
        parameters = {"iterations": 1} if algorithm.startswith("pbkdf2") else {}
        return str(hasher.encode(HIDDEN, "somesalt123", **parameters))


#: Texts with a secret inside, and the part that must not be seen.
SHAPES: dict[str, Callable[[], tuple[str, str]]] = {
    "pbkdf2": lambda: ("hash {}", hash_of("pbkdf2_sha256")),
    "pbkdf2 with sha1": lambda: ("{}", hash_of("pbkdf2_sha1")),
    "scrypt": lambda: ("{}", hash_of("scrypt")),
    "md5": lambda: ("the user has {}.", hash_of("md5")),
    "argon2": lambda: ("{}", "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$" + "aGFzaA" * 8),
    "bcrypt": lambda: ("{}", "bcrypt_sha256$$2b$12$" + "N9qo8uLOickgx2ZMRZoMye" * 2),
    "bearer": lambda: ("Authorization: Bearer {}", "mF_9.B5f-4.1JqM"),
    "basic": lambda: ("Authorization: Basic {}", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    "token": lambda: ("Authorization: Token {}", "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"),
    "jwt": lambda: ("got {} from them", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"),
    "url": lambda: ("cannot connect to postgres://ada:{}@db:5432/blog", HIDDEN),
    "url without user": lambda: ("redis://:{}@cache:6379/0", HIDDEN),
    "session cookie": lambda: ("Cookie: a=b; sessionid={}; c=d", HIDDEN),
    "query": lambda: ("GET /reset?token={}&next=/", HIDDEN),
    "dsn": lambda: ("host=db user=ada password={} dbname=blog", HIDDEN),
    "dsn in quotes": lambda: ("host=db user=ada password='{}' dbname=blog", HIDDEN),
    "dsn with spaces": lambda: ("host=db password='{}' dbname=blog", "correct horse battery"),
    "json with spaces": lambda: ('{{"user": "ada", "password": "{}", "x": 1}}', "correct horse, battery"),
    "keyword": lambda: ('create_user() got an unexpected argument, password="{}"', HIDDEN),
    "dict in a text": lambda: ("bad credentials {{'username': 'ada', 'password': '{}'}}", HIDDEN),
    "json in a text": lambda: ('400 Bad Request: {{"user": "ada", "password": "{}"}}', HIDDEN),
    "stripe": lambda: ("key {}", "sk_" + "live_51H8xT2eZvKYlo2Cabcdef"),
    "github": lambda: ("{}", "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"),
    "slack": lambda: ("{}", "xoxb-" + "123456789012-abcdefABCDEF"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_secrets_that_are_known_by_their_shape(shape: str) -> None:
    """A hash, a header, a token or a password inside of a text is cut out, wherever the text is."""
    template, secret = SHAPES[shape]()
    text = template.format(secret)
    signal = Signal()
    failing = raising("failing", ValueError, text)
    signal.connect(failing)
    with observing() as tracer:
        signal.send_robust(text, text=text, held=[text], mapping={"a": (text,)}, error=ValueError(text))
    assert secret not in written(tracer.trace())
    assert SECRET in scrub(text)
    assert SECRET in str(only(tracer.trace()).calls[0].error)


@pytest.mark.parametrize(
    "text",
    [
        "ada",
        "ada.lovelace@example.com",
        "a_user_name_of_many_words",
        "12345678-1234-5678-1234-567812345678",
        "https://example.com/blog/2026/11/20/",
        "https://ada@example.com/",
        "http://localhost:8000/@ada",
        "redis://cache:6379/0",
        "django.db.backends.postgresql",
        "UNIQUE constraint failed: auth_user.username",
        'duplicate key value violates unique constraint "pk_customer_orders"',
        "Basic algebra for everyone",
        "The token expired yesterday",
        "Invalid token signature",
        "a bearer of good news",
        "scikit-learn and sk-learn-contrib",
        "md5 and sha1 are broken",
        "5 dollars are 5$, are they not",
        "2026-11-20T10:30:00+00:00",
        "update default:1",
    ],
)
def test_ordinary_texts(text: str) -> None:
    """Names, addresses, identifiers and prose stay as they are, alone and in errors."""
    assert scrub(text) == text
    assert words.value(text) == text
    assert words.error(ValueError(text)) == f"ValueError: {text}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/blog/2026/11/why-django-has-signals/",
        "/posts/42/",
        "/posts/10-things-i-hate-about-signals/",
        "/admin/auth/user/1/change/",
        "/static/css/site.css",
        "/media/uploads/2026/11/20/photo-of-the-office-1.jpg",
        "/orders/12345678-1234-5678-1234-567812345678/",
        "/accounts/reset/MQ/set-password/",
        "/a-very-long-slug-without-any-number-in-it/",
    ],
)
def test_ordinary_paths(path: str) -> None:
    """Slugs, numbers, files and UUIDs in a path are no tokens."""
    assert words.path(path) == path


@pytest.mark.parametrize(
    "segment",
    [
        "c8qsbi-5b7f0e2c9a4d4f1e8b3a6c5d7e9f0a1b",
        "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
        "MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A=",
    ],
)
def test_tokens_in_paths(segment: str) -> None:
    """A long segment of random letters and digits is a token."""
    assert words.path(f"/a/{segment}/") == f"/a/{SECRET}/"
    assert words.path(f"/a/{segment}") == f"/a/{SECRET}"


# Because settings hold it.


@pytest.mark.parametrize(
    "values",
    [
        {"SECRET_KEY": HIDDEN},
        {"SECRET_KEY_FALLBACKS": ["another-one", HIDDEN]},
        {"LDAP_BIND_PASSWORD": HIDDEN},
        {"STRIPE_API_KEY": HIDDEN},
        {"SOME_TOKEN": HIDDEN},
        {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "PASSWORD": HIDDEN}}},
        {"DATABASES": {"default": {"OPTIONS": {"password": HIDDEN}}}},
        {"SIMPLE_JWT": {"SIGNING_KEY": HIDDEN}},
        {"PROVIDERS": [{"secret": HIDDEN}]},
    ],
    ids=lambda values: next(iter(values)),
)
@pytest.mark.parametrize("around", ["{}", "the value is '{}'.", "({})", "a={}&b=c", "\n{}\n", "[{}]"])
def test_secrets_of_the_settings(values: dict[str, object], around: str) -> None:
    """The value of a secret setting is cut out of every text, messages of exceptions included."""
    text = around.format(HIDDEN)
    signal = Signal()
    failing = raising("failing", ConnectionError, text)
    signal.connect(failing)
    with overridden(**values), observing() as tracer:
        signal.send_robust(text, text=text, held=[{"a": text}], error=OSError(1, text))
    assert HIDDEN not in written(tracer.trace())
    call = only(tracer.trace()).calls[0]
    assert call.error == f"ConnectionError: {around.format(SECRET)}"
    assert scrub(text) == text  # the settings are others now


@pytest.mark.parametrize("secret", ['it\'s "quoted" \\ here', "back\\slash-9", "tab\there-99", "ünïcödé-99"])
def test_secrets_that_are_written_otherwise_inside_of_collections(secret: str) -> None:
    """A secret with quotes, backslashes or tabs is found also where repr() has changed it."""
    written_as = {secret, repr(secret)[1:-1], repr(secret)}
    with overridden(SECRET_KEY=secret):
        texts = [
            str(words.value(held)) for held in (secret, [secret], {"a": f"x {secret} y"}, ValueError(secret))
        ]
    for text in texts:
        assert not any(way in text for way in written_as), text


@pytest.mark.parametrize("length", [970, 985, 990, 995, 999])
def test_a_secret_at_the_cut(length: int) -> None:
    """A text is cleaned before it is cut: no first half of a secret is left at its end."""
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
    with overridden(SECRET_KEY=HIDDEN):
        for secret in (HIDDEN, jwt):
            text = "x" * (length - 1) + " " + secret + " and so on"
            for found in (words.value(text), words.value([text]), words.error(ValueError(text))):
                assert secret[:8] not in str(found)


def test_short_settings_do_not_tear_words_apart() -> None:
    """A password that is an ordinary word hides that word, and no other that begins with it."""
    databases = {"default": {"ENGINE": "django.db.backends.postgresql", "PASSWORD": "postgres"}}
    with overridden(DATABASES=databases, SOME_TOKEN="abc", OTHER_KEY=""):  # noqa: S106 - short
        assert scrub("django.db.backends.postgresql") == "django.db.backends.postgresql"
        assert scrub("postgresql://localhost/blog") == "postgresql://localhost/blog"
        assert scrub("user postgres, my_postgres") == f"user {SECRET}, my_postgres"
        assert scrub("abc abcdef") == "abc abcdef"


def test_settings_that_are_no_secrets_are_shown() -> None:
    """Engines, hosts, names and apps of the settings are no secrets."""
    values = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example.com", "USER": "blogger"}
    with overridden(DATABASES={"default": {**values, "PASSWORD": HIDDEN}}, SESSION_COOKIE_NAME="sessionid"):
        for text in (*values.values(), "sessionid", "django.contrib.auth"):
            assert scrub(text) == text


@pytest.mark.usefixtures("database")
def test_a_database_that_refuses_its_password() -> None:
    """The error of a driver that quotes its connection string does not give the password away."""

    def driver(**_named: Any) -> None:
        raise ConnectionError(f'connection to "user=blogger password={HIDDEN}" failed: {HIDDEN} is wrong')

    signal = Signal()
    signal.connect(driver)
    with overridden(DATABASES={"default": {"PASSWORD": HIDDEN}}), observing() as tracer:
        signal.send_robust(None)
    assert HIDDEN not in written(tracer.trace())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["manage.py", "migrate"], "manage.py migrate"),
        (["a b.py", "it's"], "'a b.py' 'it'\"'\"'s'"),
        (["x.py", "--password", "hunter2", "list"], f"x.py --password {SECRET} list"),
        (["x.py", "--token=abc", "-v"], f"x.py --token={SECRET} -v"),
        (
            ["x.py", "--api-key", "abc", "--db-password=a=b"],
            f"x.py --api-key {SECRET} --db-password={SECRET}",
        ),
        (["x.py", "--password", "--verbose", "list"], "x.py --password --verbose list"),
        (["x.py", "--password"], "x.py --password"),
        (["env", "DB_PASSWORD=abc", "x.py"], f"env DB_PASSWORD={SECRET} x.py"),
        (["x.py", "token", "abc"], "x.py token abc"),
        (["x.py", "postgres://me:abc@db/x"], f"x.py 'postgres://{SECRET}@db/x'"),
        (["-c", "f(password='abc')"], f"-c 'f(password='\"'\"'{SECRET}'\"'\"')'"),
        (["x.py", "--level=3", "a=b"], "x.py --level=3 a=b"),
    ],
    ids=str,
)
def test_the_words_of_a_command(words: list[str], told: str) -> None:
    """Of what was typed everything is told but the values of options and variables that are secrets."""
    assert command_line(words) == told
