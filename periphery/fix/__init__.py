"""The FIX gateway: a desk's own OMS in, a broker out, drop copies. The session layer is core.venues.fix."""
