# A snapshot: all that a fused core is after one event, as bytes, and a fresh core that goes on from there.
#
#   sequencer 2,080 | u64 count, timers of the schedule | for each engine: u64 count, what it derived and the journal
#   hasn't told of | for each engine in the order of the path: u64 bytes, its arena as `parts` gives it
#
# Engines keep indices in their arenas and no pointers, so what was saved is what is loaded; what isn't in an arena
# follows from the event that is at hand.
