package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;

/// Proofs with remedies: what would separate two functions of a group is found by trying it, that is,
/// by forming the groups again with the change made.
public final class GroupProofs {
    private final GroupFacts facts;
    private final Grouping grouping;

    /// @param grouping the groups that `facts` give
    public GroupProofs(GroupFacts facts, Grouping grouping) {
        this.facts = facts;
        this.grouping = grouping;
    }

    /// Why two functions share a group, or do not, and what would separate them.
    public Proof of(PciAddress first, PciAddress second) {
        var proof = grouping.proof(first, second);
        if (!proof.together() || first.equals(second)) {
            return proof;
        }
        var remedies = new ArrayList<String>();
        remedies.addAll(new AcsRemedies(facts).of(first, second));
        remedies.addAll(new SlotRemedies(facts).of(first, second));
        return new Proof(
                true, proof.finding(), proof.first(), proof.second(), List.copyOf(remedies));
    }

    /// Whether two functions are in different groups under these facts.
    static boolean apart(GroupFacts facts, PciAddress first, PciAddress second) {
        var tried = LinuxGroups.of(facts);
        var one = tried.groupOf(first);
        var other = tried.groupOf(second);
        return one.isPresent() && other.isPresent() && one.get().id() != other.get().id();
    }
}
