package iommulab.engine.group;

import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PeerKnowledge;

import java.util.Optional;

/// What Linux knows of particular chips when it forms groups, for the fabric to know too: a chip that is
/// known to send all peer-to-peer requests up does so whatever its ACS registers say.
public final class KnownChips implements PeerKnowledge {
    private final FunctionTable table;
    private final VendorRules quirks;

    /// @param facts of the machine whose functions will be asked for
    public KnownChips(GroupFacts facts) {
        table = new FunctionTable(facts.topology());
        quirks = new VendorRules(table, facts);
    }

    @Override
    public Optional<Boolean> isolates(PciFunction function) {
        int f = table.number(function.address());
        var answer = f == FunctionTable.NONE ? null : quirks.judge(f);
        return answer == null ? Optional.empty() : Optional.of(answer.isolated());
    }
}
