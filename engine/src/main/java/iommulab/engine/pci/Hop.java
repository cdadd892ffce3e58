package iommulab.engine.pci;

import java.util.Optional;

/// What one function or bridge did with a request that passed it.
///
/// @param at who did it
/// @param did what it did
/// @param text one sentence
/// @param bit the register bit that decided, such as `ACS control, Request Redirect (bit 2) = 1`
public record Hop(PciAddress at, Did did, String text, Optional<String> bit) {
    /// What can happen to a request at a hop.
    public enum Did {
        /// The function issues it.
        ISSUES,
        /// A bridge hands it on unchanged.
        FORWARDS,
        /// A bridge hands it on under another requester ID.
        RENAMES,
        /// A port sends it up although a peer would claim it.
        REDIRECTS,
        /// It leaves the way up, for a peer.
        TURNS,
        /// The BAR of this function answers.
        DELIVERS,
        /// It ends here without an answer.
        BLOCKS
    }
}
