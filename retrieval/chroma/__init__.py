"""The shelves of profiles and precedents in Chroma: in this process, in a server of this machine, or at an address."""
