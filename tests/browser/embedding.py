"""Somebody's own application with <GmailIntegration> in it, made of the example in docs/frontend.md."""

import json
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from functions.edge.static import REACT_ARIA

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
BIN = FRONTEND / "node_modules" / ".bin"
PAGE = "/settings/mail"
API = "https://gmail.example.com"  # in the example

INDEX = """<!doctype html><html lang="en"><meta charset="utf-8"><title>An application</title>
<link rel="icon" href="data:,"><body><div id="root"></div><script type="module" src="/main.tsx"></script></body>
"""
MAIN = """import { createRoot } from "react-dom/client";
import { MailSettings } from "./MailSettings";
import "./house.css";
const root = document.getElementById("root");
if (root) createRoot(root).render(<main><h1>Settings</h1><MailSettings /></main>);
"""
# What an application has besides: who is signed in. The tests put it into each window.
SESSION = "declare const session: { idToken(): Promise<string> };\n"
STYLES = 'declare module "*.css";\n'
# How an application may say that its own elements look; after the package's stylesheet, where it counts most.
HOUSE = """
h1, h2, h3, h4 { color: red; text-transform: uppercase; text-align: center; margin: 50px; border-bottom: 3px solid }
button { background: crimson; padding: 30px; border: 4px solid black; text-transform: uppercase; letter-spacing: 5px;
  box-shadow: 4px 4px 0 black; margin: 10px; width: 100%; font: bold 20px serif }
button:hover { background: purple }
input, textarea { border: 5px dotted green; padding: 25px; margin: 20px; background: yellow; height: 80px }
label { text-transform: uppercase; font-style: italic; color: brown; margin: 12px }
p { text-indent: 3em; margin: 30px; color: teal }
a { color: orange; text-decoration: line-through }
ul, ol { list-style: square; padding: 60px; margin: 30px } li { margin: 20px; border-left: 4px solid }
table { border: 5px solid red; border-collapse: separate; margin: 40px; background: pink }
td, th { padding: 40px; border: 3px solid blue; background: lightgreen }
section, header, footer, form, fieldset, dl, dt, dd { padding: 30px; margin: 25px; background: #eee; border: 2px solid }
svg { fill: red; display: block } img { border: 6px solid red } code, pre { background: black; color: lime }
"""
CONFIG = {
    "compilerOptions": {
        "target": "ES2022",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "module": "ESNext",
        "moduleResolution": "bundler",
        "jsx": "react-jsx",
        "strict": True,
        "noEmit": True,
        "types": [],
        "skipLibCheck": False,  # the package's types, too, and what they import
    },
    "include": ["*.ts", "*.tsx"],
}


class Application:
    """A folder with the application, and the package as it would be installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        modules = folder / "node_modules"
        for name in ("react", "react-dom", "@types/react", "@types/react-dom", "csstype"):
            (modules / name).parent.mkdir(parents=True, exist_ok=True)
            (modules / name).symlink_to(FRONTEND / "node_modules" / name)
        _package(modules / "gmail-integration")
        (folder / "tsconfig.json").write_text(json.dumps(CONFIG))
        (folder / "environment.d.ts").write_text(SESSION + STYLES)
        (folder / "index.html").write_text(INDEX)
        (folder / "main.tsx").write_text(MAIN)
        (folder / "house.css").write_text("")
        self.write(API)

    def house(self, styles: str) -> None:
        """The application's own stylesheet, which speaks of elements by their names."""
        (self.folder / "house.css").write_text(styles)

    def write(self, api: str, *, popup: bool = False) -> None:
        """The example, for another API. `popup`: with Google's page beside it."""
        more = 'connectIn="popup" ' if popup else ""
        source = example().replace(f'apiUrl="{API}"', f'{more}apiUrl="{api}"')
        assert api in source
        (self.folder / "MailSettings.tsx").write_text(source)

    def checked(self) -> str:
        """What the type checker has to say."""
        command = [str(BIN / "tsc"), "-p", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False).stdout

    def built(self, name: str) -> Path:
        target = self.folder / "built" / name
        _run(BIN / "vite", "build", self.folder, "--outDir", target, "--logLevel", "error")
        return target


def example() -> str:
    """The code under "Embedding"."""
    found = re.search(r"```tsx\n([\s\S]*?)```", (ROOT / "docs" / "frontend.md").read_text())
    assert found
    return found[1]


def _package(target: Path) -> None:
    """What `npm pack` would put into the package: what package.json names in `files`."""
    target.mkdir(parents=True)
    shutil.copy(FRONTEND / "package.json", target)
    built = target / "dist" / "lib"
    _run(BIN / "vite", "build", "--config", "vite.lib.ts", "--outDir", built, "--logLevel", "error")
    _run(BIN / "tsc", "-p", "tsconfig.lib.json", "--outDir", built / "types")


def _run(*command: Any) -> None:
    ran = subprocess.run(
        [str(one) for one in command], cwd=FRONTEND, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


class Host:
    """Serves an application with the policy that docs/frontend.md asks for.

    Reached as 127.0.0.1 it is another site than the API on localhost; as localhost, another origin of that site.
    """

    def __init__(self, api: str) -> None:
        self.policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self' {REACT_ARIA}; img-src data: blob:; "
            f"connect-src {api}; frame-src {api}; base-uri 'none'"
        )
        self.files = Path()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.other_site = f"http://127.0.0.1:{self._server.server_port}"
        self.same_site = f"http://localhost:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, host: Host, *given: Any) -> None:
        self._host = host
        super().__init__(*given, directory=str(host.files))

    def translate_path(self, path: str) -> str:
        return super().translate_path("/index.html" if path.partition("?")[0] == PAGE else path)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self._host.policy)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass
