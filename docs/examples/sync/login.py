"""Log in with an API key, in the browser or with a code, see who is logged in, and log out.

    OPENAI_API_KEY=... python login.py [SECONDS]

It waits for you in the browser for so long, two seconds by default. It ends logged out, so it refuses to run where
somebody may be logged in. To try it, set CODEX_HOME to an empty directory.
"""

from __future__ import annotations

import os
import sys

from openai_codex import ChatgptLoginHandle, Codex, DeviceCodeLoginHandle, JsonRpcError, RequestTimeoutError


def finish(login: ChatgptLoginHandle | DeviceCodeLoginHandle, seconds: float) -> None:
    """Wait for the person, and give up after a while."""
    try:
        done = login.wait(timeout=seconds)
    except RequestTimeoutError:
        print("  nobody came:", login.cancel().status.value)
        done = login.wait()  # a cancelled login ends as well
    print("  logged in" if done.success else f"  not logged in: {done.error}")


def show_account(codex: Codex) -> None:
    """Print who is logged in. There is an account only if the configured provider needs a login."""
    state = codex.account()
    print("  account:", "none" if state.account is None else state.account.type)


def main() -> None:
    """Try each way to log in."""
    key = os.environ.get("OPENAI_API_KEY")
    if not key:
        sys.exit("login: set OPENAI_API_KEY to the API key to log in with")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0

    with Codex() as codex:
        state = codex.account()
        if state.account is not None or not state.requires_openai_auth:
            sys.exit("login: somebody is logged in, or no login is needed; set CODEX_HOME to an empty directory")

        print("In the browser")
        try:
            browser = codex.login_chatgpt()
            print(f"  open {browser.auth_url}")
            finish(browser, seconds)
        except JsonRpcError as error:
            print(f"  not possible: {error.message}")

        print("On another device")
        try:
            device = codex.login_chatgpt_device_code()
            print(f"  open {device.verification_url} and enter {device.user_code}")
            finish(device, seconds)
        except JsonRpcError as error:  # no network, for example
            print(f"  not possible: {error.message}")

        print("With an API key")
        codex.login_api_key(key)  # the key is stored, and not checked before the first turn
        show_account(codex)
        codex.logout()
        show_account(codex)


if __name__ == "__main__":
    main()
