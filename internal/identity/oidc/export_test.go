package oidc

// Settle waits for the fetches that are under way.
func (v *Verifier) Settle() {
	for _, i := range v.issuers {
		i.keys.mu.Lock()
		flight := i.keys.flight
		i.keys.mu.Unlock()
		if flight != nil {
			<-flight
		}
	}
}

// Remembered returns how many tokens are remembered, and the most there can be.
func (v *Verifier) Remembered() (n, most int) {
	for i := range v.known.shards {
		s := &v.known.shards[i]
		s.mu.RLock()
		n += len(s.tokens)
		s.mu.RUnlock()
	}
	return n, shards * perShard
}
