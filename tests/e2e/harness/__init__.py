"""What the end-to-end tests are made of: processes, peers, senders and the ledger's arithmetic."""
