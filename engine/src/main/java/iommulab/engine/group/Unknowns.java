package iommulab.engine.group;

import iommulab.engine.pci.PortType;

import java.util.Optional;

/// Functions whose group cannot be told, because configuration bytes that decide it were not captured
/// (an archive made without root has 64 of them).
record Unknowns(FunctionTable table) {
    /// One sentence; empty if everything needed is known.
    Optional<String> reason(int f) {
        for (int at = f; at != FunctionTable.NONE; at = table.parent(at)) {
            if (table.type(at) == PortType.UNKNOWN) {
                return Optional.of(sentence(at));
            }
        }
        for (int mate : table.slot(f)) {
            if (table.type(mate) == PortType.UNKNOWN) {
                return Optional.of(sentence(mate));
            }
        }
        return Optional.empty();
    }

    private String sentence(int f) {
        return "its group is unknown: of %s only %d configuration bytes were captured; capture as root"
                .formatted(table.name(f), table.function(f).config().size());
    }
}
