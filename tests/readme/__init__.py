"""The examples in the pages: runs them as they are written, and writes the real outputs into the pages."""
