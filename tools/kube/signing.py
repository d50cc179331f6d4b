"""The headers that say who asks: the credentials of an access, and whom they act for."""

import asyncio
from pathlib import Path

import aiohttp
from multidict import CIMultiDict

from tools.kube.errors import BadKubeconfig
from tools.kube.identity import impersonation, user_agent
from tools.kube.kubeconfig import Access


async def headers(access: Access) -> CIMultiDict[str]:
    """A multi-dict, since each impersonated group is a header of its own. Raises BadKubeconfig."""
    signed = CIMultiDict(impersonation(access.acts_as, access.run_id))
    signed["User-Agent"] = user_agent(access.call_id)
    token = await _from_file(access) if access.token_file else access.token
    if token:
        signed["Authorization"] = f"Bearer {token}"
    elif access.username:
        signed["Authorization"] = aiohttp.encode_basic_auth(access.username, access.password)
    return signed


async def _from_file(access: Access) -> str:
    try:
        return (await asyncio.get_running_loop().run_in_executor(None, Path(access.token_file).read_text)).strip()
    except (OSError, UnicodeDecodeError):
        raise BadKubeconfig(
            f'The token of cluster "{access.name}" cannot be read from {access.token_file}. '
            "Check tokenFile in its kubeconfig."
        ) from None
