"""The only room that reads, writes, streams and judges: everything above names, everything below computes."""
