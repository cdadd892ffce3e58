package iommulab.app.inspector;

import iommulab.engine.pci.CapabilityChain;
import iommulab.engine.pci.PciFunction;

import java.util.List;

/// The capabilities of a function, decoded from its configuration bytes.
final class CapabilityFacts {
    private CapabilityFacts() {}

    static Section of(PciFunction function) {
        var chain = CapabilityChain.of(function.config());
        var listed =
                chain.entries().stream()
                        .map(
                                entry ->
                                        new Section.Listed(
                                                entry.offset(),
                                                "capability %02x".formatted(entry.id()),
                                                "",
                                                List.of()))
                        .toList();
        return new Section.Capabilities(function.address(), listed, chain.problems());
    }
}
