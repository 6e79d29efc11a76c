package parse

// Version grows when the parser reads documents otherwise than before, so
// that what is stored should be read anew. A feed is then asked for all of its
// document once (BEHAVIOUR F-07).
const Version = 1

// Mark tells if a hash among the BlockHashes of a [Result] is not an item's:
// it remembers how items are told apart, and is to be handed back whatever
// else is forgotten.
func Mark(hash uint64) bool { return hash>>40 == markTag }
