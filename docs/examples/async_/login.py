"""Log in with an API key, in the browser or with a code, see who is logged in, and log out.

    OPENAI_API_KEY=... python login.py [SECONDS]

It waits for you in the browser for so long, two seconds by default. It ends logged out, so it refuses to run where
somebody may be logged in. To try it, set CODEX_HOME to an empty directory.
"""

from __future__ import annotations

import asyncio
import os
import sys

from openai_codex import AsyncChatgptLoginHandle, AsyncCodex, AsyncDeviceCodeLoginHandle, JsonRpcError


async def finish(login: AsyncChatgptLoginHandle | AsyncDeviceCodeLoginHandle, seconds: float) -> None:
    """Wait for the person, and give up after a while. The same task sees the end of the login in both cases."""
    waiting = asyncio.create_task(login.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    if not waiting.done():
        print("  nobody came:", (await login.cancel()).status.value)
    done = await waiting
    print("  logged in" if done.success else f"  not logged in: {done.error}")


async def show_account(codex: AsyncCodex) -> None:
    """Print who is logged in. There is an account only if the configured provider needs a login."""
    state = await codex.account()
    print("  account:", "none" if state.account is None else state.account.type)


async def main() -> None:
    """Try each way to log in."""
    key = os.environ.get("OPENAI_API_KEY")
    if not key:
        sys.exit("login: set OPENAI_API_KEY to the API key to log in with")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0

    async with AsyncCodex() as codex:
        state = await codex.account()
        if state.account is not None or not state.requires_openai_auth:
            sys.exit("login: somebody is logged in, or no login is needed; set CODEX_HOME to an empty directory")

        print("In the browser")
        try:
            browser = await codex.login_chatgpt()
            print(f"  open {browser.auth_url}")
            await finish(browser, seconds)
        except JsonRpcError as error:
            print(f"  not possible: {error.message}")

        print("On another device")
        try:
            device = await codex.login_chatgpt_device_code()
            print(f"  open {device.verification_url} and enter {device.user_code}")
            await finish(device, seconds)
        except JsonRpcError as error:  # no network, for example
            print(f"  not possible: {error.message}")

        print("With an API key")
        await codex.login_api_key(key)  # the key is stored, and not checked before the first turn
        await show_account(codex)
        await codex.logout()
        await show_account(codex)


if __name__ == "__main__":
    asyncio.run(main())
