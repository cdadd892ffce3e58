package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.List;

/// Why two functions share a group, or do not.
///
/// @param together whether they share one
/// @param finding the answer in one sentence
/// @param first from the first function, link by link, to where the chains meet or a group is opened
/// @param second likewise from the second
/// @param remedies what would separate them, one sentence each; empty if apart or nothing would
public record Proof(
        boolean together,
        String finding,
        List<Link> first,
        List<Link> second,
        List<String> remedies) {
    public Proof {
        first = List.copyOf(first);
        second = List.copyOf(second);
        remedies = List.copyOf(remedies);
    }

    /// How one function came to its group.
    ///
    /// @param function the function
    /// @param steps the rule steps, in order; the last joins or opens
    public record Link(PciAddress function, List<ProofStep> steps) {
        public Link {
            steps = List.copyOf(steps);
        }
    }
}
