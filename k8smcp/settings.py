"""Environment to Django settings. What each variable means: README, "Settings"."""

from pathlib import Path

from django.core.management.utils import get_random_secret_key

from k8smcp.environment import Environment

ROOT = Path(__file__).resolve().parent.parent
env = Environment()

# ---- where things are --------------------------------------------------------------------------------------------
K8SMCP_HOME = env.folder("K8SMCP_HOME", ROOT / "var")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, least=1, most=65535)

# ---- Django ------------------------------------------------------------------------------------------------------
DEBUG = env.switch("DEBUG", False)


def _secret_key() -> str:
    """SECRET_KEY, or one made once and kept: sign-ins survive a restart."""
    given = env.text("SECRET_KEY")
    if given:
        return given
    file = K8SMCP_HOME / "secret-key"
    if not file.exists():
        file.touch(mode=0o600, exist_ok=True)
        if not file.read_text():
            file.write_text(get_random_secret_key())
    return file.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
APPROVAL_WEBHOOK = env.address("K8SMCP_APPROVAL_WEBHOOK", ("http", "https"))
PUBLIC_ADDRESS = (CSRF_TRUSTED_ORIGINS or [f"http://{HOST}:{PORT}"])[0]
BEHIND_TLS = bool(CSRF_TRUSTED_ORIGINS) and all(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
ROOT_URLCONF = "k8smcp.urls"
ASGI_APPLICATION = "k8smcp.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "k8smcp",  # first: its `runserver` stands before daphne's
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "ninja",
    "tools",
    "chat",
]

MIDDLEWARE = [
    "k8smcp.in_place.Security",
    "k8smcp.headers.closed_to_others",
    "servestatic.middleware.ServeStaticMiddleware",
    "k8smcp.headers.ContentSecurityPolicy",
    "k8smcp.in_place.Sessions",
    "k8smcp.in_place.Common",
    "k8smcp.in_place.Csrf",
    "k8smcp.in_place.Authentication",
    "chat.web.entrance.Entrance",
    "k8smcp.in_place.Messages",
    "k8smcp.in_place.FrameOptions",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.web.context.portal",
            ]
        },
    }
]

DATABASES = {"default": env.database(K8SMCP_HOME)}

# ---- the doorbell ------------------------------------------------------------------------------------------------
REDIS_URL = env.address("REDIS_URL", ("redis", "rediss", "unix"))
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "chat.redis_layer.PatientRedisLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "k8smcp"},
        }
        if REDIS_URL
        else {"BACKEND": "chat.memory_layer.SwiftMemoryLayer", "CONFIG": {"capacity": 2000}}
    )
}

# ---- sign-in and browsers ----------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["chat.backend.Backend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "portal"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "chat.sessions"  # ends sessions an hour after the last thing a person did
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # scripts of the page read the CSRF token from the page
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
# With `__Host-` a browser takes such a cookie only over TLS, for this very host and all of its paths: no neighbouring
# site can plant one. Plain http on loopback has no such cookies.
SESSION_COOKIE_NAME = "__Host-sessionid" if BEHIND_TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if BEHIND_TLS else "csrftoken"
# Django looks for its middleware by name, and MIDDLEWARE has heirs of it (k8smcp/in_place.py). Cookies follow from
# BEHIND_TLS, of which k8smcp.W003 speaks; redirects and HSTS are the proxy's, which ends TLS.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003", "security.W010"]
CSRF_FAILURE_VIEW = "chat.web.pages.faults.csrf"
SECURE_REFERRER_POLICY = "same-origin"  # with "no-referrer" browsers send `Origin: null` on forms
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["portal"],  # static/js/lib/markup.js, the one place where text becomes markup
        "report-uri": "/csp-reports",
    }
}

# ---- static files ------------------------------------------------------------------------------------------------
STATIC_URL = "static/"  # served straight from the folders: nothing to collect
STATICFILES_DIRS = [ROOT / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG

# ---- the model ---------------------------------------------------------------------------------------------------
ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.address("ANTHROPIC_BASE_URL", ("http", "https"))
K8SMCP_MODEL = env.text("K8SMCP_MODEL", "claude-sonnet-5-5")
K8SMCP_MODEL_WINDOW = env.number("K8SMCP_MODEL_WINDOW", 200_000, least=8_000, most=100_000_000)
K8SMCP_PROVIDER = env.choice("K8SMCP_PROVIDER", ("anthropic", "guide", "scripted")) or (
    "anthropic" if ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL else "guide"
)
K8SMCP_SCRIPT = env.text("K8SMCP_SCRIPT")  # what the scripted provider plays, for tests and tours

# ---- clusters ----------------------------------------------------------------------------------------------------
KUBECONFIG = env.text("KUBECONFIG")
K8SMCP_DEMO = env.optional_switch("K8SMCP_DEMO")
K8SMCP_READ_ONLY = env.switch("K8SMCP_READ_ONLY", False)
K8SMCP_EXECUTE = env.switch("K8SMCP_EXECUTE", False)
K8SMCP_DEBUG_IMAGES = env.words("K8SMCP_DEBUG_IMAGES")  # that pod_debug may run
K8SMCP_SHARED_WRITES = env.switch("K8SMCP_SHARED_WRITES", False)
K8SMCP_KUBECONFIG_ALLOW = env.some("K8SMCP_KUBECONFIG_ALLOW", ("proxy-url", "insecure", "files", "loopback"))
K8SMCP_MCP_PROGRAMS = env.programs("K8SMCP_MCP_PROGRAMS")  # that may be registered as MCP servers
K8SMCP_CREDENTIALS_KEY = env.words("K8SMCP_CREDENTIALS_KEY")
K8SMCP_POLICY = env.text("K8SMCP_POLICY")  # a file of rules, which the portal shows and does not edit

K8SMCP_METRICS_TOKEN = env.secret("K8SMCP_METRICS_TOKEN")  # reads /metrics, and nothing else

# ---- runs and bounds ---------------------------------------------------------------------------------------------
K8SMCP_INPROCESS_RUNNER = env.switch("K8SMCP_INPROCESS_RUNNER", True)
K8SMCP_MAX_RUNS_PER_USER = env.number("K8SMCP_MAX_RUNS_PER_USER", 20, least=1, most=10_000)
K8SMCP_MAX_SOCKETS_PER_USER = env.number("K8SMCP_MAX_SOCKETS_PER_USER", 50, least=1, most=100_000)
# What each of these bounds: chat/limits.py
K8SMCP_MAX_SOCKETS = env.number("K8SMCP_MAX_SOCKETS", 2_000, least=1, most=1_000_000)
K8SMCP_MAX_FRAMES_PER_SECOND = env.number("K8SMCP_MAX_FRAMES_PER_SECOND", 20, least=1, most=1_000_000)
K8SMCP_MAX_REQUESTS_PER_SECOND = env.number("K8SMCP_MAX_REQUESTS_PER_SECOND", 10, least=1, most=1_000_000)
K8SMCP_MAX_SIGN_INS_PER_MINUTE = env.number("K8SMCP_MAX_SIGN_INS_PER_MINUTE", 5, least=1, most=1_000_000)
K8SMCP_MAX_APPROVALS_PER_MINUTE = env.number("K8SMCP_MAX_APPROVALS_PER_MINUTE", 10, least=1, most=1_000_000)

# ---- budgets: nought means no such bound -------------------------------------------------------------------------
K8SMCP_PRICES = env.text("K8SMCP_PRICES")
_MOST = 10**15
K8SMCP_BUDGET_TOKENS_PER_RUN = env.number("K8SMCP_BUDGET_TOKENS_PER_RUN", 4_000_000, least=0, most=_MOST)
K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY = env.number("K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY", 40_000_000, least=0, most=_MOST)
K8SMCP_BUDGET_TOKENS_PER_DAY = env.number("K8SMCP_BUDGET_TOKENS_PER_DAY", 400_000_000, least=0, most=_MOST)
K8SMCP_BUDGET_MICROS_PER_RUN = env.micros("K8SMCP_BUDGET_USD_PER_RUN")
K8SMCP_BUDGET_MICROS_PER_PERSON_DAY = env.micros("K8SMCP_BUDGET_USD_PER_PERSON_DAY")
K8SMCP_BUDGET_MICROS_PER_DAY = env.micros("K8SMCP_BUDGET_USD_PER_DAY")
K8SMCP_RUN_CALLS = env.number("K8SMCP_RUN_CALLS", 50, least=1, most=10_000)
K8SMCP_RUN_WRITES = env.number("K8SMCP_RUN_WRITES", 10, least=0, most=10_000)
K8SMCP_RUN_MINUTES = env.number("K8SMCP_RUN_MINUTES", 15, least=1, most=10_000)
K8SMCP_RUN_PENDING_APPROVALS = env.number("K8SMCP_RUN_PENDING_APPROVALS", 5, least=1, most=10_000)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "tools.redaction.logs.MaskedFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "aiohttp.access": {"level": "WARNING"},
        "django": {"handlers": [], "level": "INFO"},  # all through the console's formatter, which masks
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.request": {"level": "ERROR"},
    },
}
