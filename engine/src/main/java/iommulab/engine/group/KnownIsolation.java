package iommulab.engine.group;

import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PeerKnowledge;

import java.util.Optional;

/// What Linux knows of particular chips, for whoever follows a request through the fabric: the same
/// rules that grouping believes.
public final class KnownIsolation implements PeerKnowledge {
    private final FunctionTable table;
    private final VendorRules rules;

    /// @param facts of the machine whose fabric is followed
    public KnownIsolation(GroupFacts facts) {
        this.table = new FunctionTable(facts.topology());
        this.rules = new VendorRules(table, facts);
    }

    @Override
    public Optional<Boolean> isolates(PciFunction function) {
        int f = table.number(function.address());
        return f == FunctionTable.NONE
                ? Optional.empty()
                : Optional.ofNullable(rules.judge(f)).map(Isolation.Answer::isolated);
    }
}
