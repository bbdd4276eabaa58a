"""pgAdmin 4 beside a core: served on this host alone (in a container, to its networks); everything that
it keeps is under $NACRE_PGADMIN.
"""

import os

DATA_DIR = os.environ.get("NACRE_PGADMIN", "/var/lib/nacre/pgadmin")
LOG_FILE = os.path.join(DATA_DIR, "pgadmin4.log")
SQLITE_PATH = os.path.join(DATA_DIR, "pgadmin4.db")
SESSION_DB_PATH = os.path.join(DATA_DIR, "sessions")
STORAGE_DIR = os.path.join(DATA_DIR, "storage")
AZURE_CREDENTIAL_CACHE_DIR = os.path.join(DATA_DIR, "azure")
KERBEROS_CCACHE_DIR = os.path.join(DATA_DIR, "kerberos")
DEFAULT_SERVER = os.environ.get("NACRE_PGADMIN_HOST", "127.0.0.1")
DEFAULT_SERVER_PORT = int(os.environ.get("NACRE_PGADMIN_PORT", "5050"))
SERVER_MODE = True
MASTER_PASSWORD_REQUIRED = False
UPGRADE_CHECK_ENABLED = False
CONSOLE_LOG_LEVEL = 30
