package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;

/// Everything that a function's configuration bytes say, decoded for people.
///
/// @param header the header, as a capability without ID
/// @param list in the order of the chains, conventional first
/// @param knowledge how much of the configuration space is known
/// @param problems what is wrong with the chains or cut off, one sentence each
public record Capabilities(
        Capability header, List<Capability> list, Knowledge knowledge, List<String> problems) {
    public Capabilities {
        list = List.copyOf(list);
        problems = List.copyOf(problems);
    }

    /// How much of a configuration space is known. What is not known may still exist.
    public enum Knowledge {
        COMPLETE("complete"),
        WITHOUT_EXTENDED(
                "extended capabilities are unknown: bytes from 0x100 on were not captured"),
        HEADER_ONLY("capabilities are unknown: bytes from 0x40 on were not captured");

        private final String words;

        Knowledge(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    /// Decodes the header and every capability.
    public static Capabilities of(ConfigSpace config) {
        var chain = CapabilityChain.of(config);
        var problems = new ArrayList<>(chain.problems());
        var header = decode(config, -1, false, 0, 0, HeaderLayouts.of(config), problems);
        var list = new ArrayList<Capability>();
        for (var entry : chain.entries()) {
            list.add(
                    decode(
                            config,
                            entry.id(),
                            entry.extended(),
                            entry.offset(),
                            entry.version(),
                            entry.extended()
                                    ? ExtendedLayouts.of(config, entry.id(), entry.offset())
                                    : ConventionalLayouts.of(config, entry.id(), entry.offset()),
                            problems));
        }
        return new Capabilities(header, list, knowledge(config), problems);
    }

    private static Knowledge knowledge(ConfigSpace config) {
        if (config.size() < 256) {
            return Knowledge.HEADER_ONLY;
        }
        return config.size() < 4096 && PciExpress.portType(config).isPciExpress()
                ? Knowledge.WITHOUT_EXTENDED
                : Knowledge.COMPLETE;
    }

    private static Capability decode(
            ConfigSpace config,
            int id,
            boolean extended,
            int offset,
            int version,
            CapabilityLayout layout,
            List<String> problems) {
        int end = extended ? config.size() : Math.min(config.size(), 0x100);
        var registers = new ArrayList<Register>();
        for (var register : layout.registers()) {
            if (offset + register.offset() + register.widthBytes() <= end) {
                registers.add(Register.read(config, offset, register));
            }
        }
        int missing = layout.registers().size() - registers.size();
        if (missing > 0) {
            problems.add(
                    "%s at 0x%02x is cut off: %d of its registers lie beyond the %d bytes"
                            .formatted(layout.name(), offset, missing, end));
        }
        return new Capability(
                id, extended, offset, layout.name(), layout.shortName(), version, registers);
    }
}
