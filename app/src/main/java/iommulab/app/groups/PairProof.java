package iommulab.app.groups;

import iommulab.engine.group.Grouping;
import iommulab.engine.group.Proof;
import iommulab.engine.group.ProofStep;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

final class PairProof {
    private PairProof() {}

    static Proof of(Grouping grouping, PciAddress first, PciAddress second) {
        var a = grouping.groupOf(first);
        boolean together = a.isPresent() && a.equals(grouping.groupOf(second));
        return new Proof(
                together,
                together ? "They share group " + a.get().id() + "." : "They do not share a group.",
                chain(grouping, first),
                first.equals(second) ? List.of() : chain(grouping, second),
                List.of());
    }

    private static List<Proof.Link> chain(Grouping grouping, PciAddress from) {
        var chain = new ArrayList<Proof.Link>();
        var seen = new HashSet<PciAddress>();
        var at = grouping.links().get(from);
        while (at != null && seen.add(at.function())) {
            chain.add(at);
            at =
                    at.steps().stream()
                            .filter(s -> s.verdict() == ProofStep.Verdict.JOINS)
                            .findFirst()
                            .flatMap(ProofStep::leadsTo)
                            .map(grouping.links()::get)
                            .orElse(null);
        }
        return chain;
    }
}
