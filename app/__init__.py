"""The application factory."""

from __future__ import annotations

import importlib
from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config import Settings, load_settings, session_secret

FEATURES = (
    "portal",
    "accounts",
    "publication",
    "responses",
    "panel",
    "review",
    "results",
    "award",
    "acceptance",
    "certification",
    "documents",
    "verification",
    "jobs",
    "api",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from typed settings (environment and TOML file when not given)."""
    import app.models  # noqa: F401 - the whole metadata before the first query
    from app.errors import register_error_handlers
    from app.extensions import csrf, db, limiter, login, migrate, prepare_engine
    from app.navigation import register_navigation
    from app.review.unlocking import register_unlocking
    from app.security import register_security
    from app.templating import register_templating

    settings = settings or load_settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    flask_app = Flask(__name__)
    flask_app.config.update(
        SETTINGS=settings,
        SECRET_KEY=session_secret(settings),
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=settings.max_file_bytes + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_COOKIE_NAME="yinzhao",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        RATELIMIT_ENABLED=settings.rate_limits,
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        TESTING=settings.testing,
        PROPAGATE_UNEXPECTED=settings.testing,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        flask_app.wsgi_app = ProxyFix(flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    flask_app.extensions["blob_store"] = _blob_store(settings)

    db.init_app(flask_app)
    with flask_app.app_context():
        prepare_engine(db.engine)
    migrate.init_app(flask_app, db, directory="migrations", compare_type=True, render_as_batch=True)
    login.init_app(flask_app)
    csrf.init_app(flask_app)
    limiter.init_app(flask_app)
    register_security(flask_app)
    register_templating(flask_app)
    register_navigation(flask_app)
    register_unlocking(flask_app)
    register_error_handlers(flask_app)
    for feature in FEATURES:
        importlib.import_module(f"app.{feature}.rules")
        flask_app.register_blueprint(importlib.import_module(f"app.{feature}.views").bp)
    return flask_app


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.sqlalchemy_url.startswith("sqlite"):
        # A connection beyond the pool is opened and closed for one request: a place for each thread, and
        # some for the background work.
        return {
            "connect_args": {"check_same_thread": False, "timeout": 15},
            "pool_size": settings.threads + 6,
            "pool_use_lifo": True,
        }
    return {
        "pool_size": settings.threads,
        "max_overflow": settings.threads,
        # The same few connections again: the server keeps their plans.
        "pool_use_lifo": True,
        # `prepare_engine` begins the transactions.
        "connect_args": {"prepare_threshold": 2, "autocommit": True},
    }


def _blob_store(settings: Settings) -> object:
    from app.storage import FolderStore, S3Store

    if settings.blob_store == "s3":
        return S3Store(settings.s3_endpoint, settings.s3_bucket, settings.s3_access_key, settings.s3_secret_key)
    return FolderStore(settings.data / "blobs")
