package iommulab.app.inspector;

import iommulab.app.inspector.Section.Flip;
import iommulab.app.inspector.Section.Listed;
import iommulab.app.inspector.Section.Register;
import iommulab.engine.pci.BitField;
import iommulab.engine.pci.Capabilities;
import iommulab.engine.pci.Capability;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.Register.Bits;
import iommulab.engine.session.Command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The capabilities of a function, decoded from its configuration bytes.
final class CapabilityFacts {
    private static final int SUMMARY_FIELDS = 3;
    private static final List<String> WORTH_ABSENCE =
            List.of("ATS", "PRI", "PASID", "ACS", "SR-IOV");

    private CapabilityFacts() {}

    static Section of(PciFunction function) {
        var decoded = Capabilities.of(function.config());
        var listed = new ArrayList<Listed>();
        listed.add(listed(function.address(), decoded.header()));
        decoded.list().forEach(c -> listed.add(listed(function.address(), c)));
        return new Section.Capabilities(function.address(), listed, remarks(decoded));
    }

    private static List<String> remarks(Capabilities decoded) {
        var remarks = new ArrayList<>(decoded.problems());
        if (decoded.knowledge() != Capabilities.Knowledge.COMPLETE) {
            remarks.add(decoded.knowledge().words());
            return remarks;
        }
        var absent =
                WORTH_ABSENCE.stream()
                        .filter(name ->
                                decoded.list().stream().noneMatch(c -> c.shortName().equals(name)))
                        .toList();
        if (!absent.isEmpty()) {
            remarks.add("absent: " + String.join(", ", absent));
        }
        return remarks;
    }

    private static Listed listed(PciAddress function, Capability capability) {
        var registers = new ArrayList<Register>();
        for (var register : capability.registers()) {
            for (var bits : register.fields()) {
                if (bits.field().access() != BitField.Access.RESERVED) {
                    registers.add(field(function, register, bits));
                }
            }
        }
        return new Listed(capability.offset(), capability.name(), summary(capability), registers);
    }

    /// The first few bits that are on, by name.
    private static String summary(Capability capability) {
        if (capability.id() < 0) {
            return "";
        }
        return capability.registers().stream()
                .flatMap(r -> r.fields().stream())
                .filter(b -> b.field().access() == BitField.Access.READ_WRITE)
                .filter(b -> b.field().width() == 1 && b.value() == 1)
                .map(b -> b.field().name())
                .limit(SUMMARY_FIELDS)
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
    }

    private static Register field(
            PciAddress function, iommulab.engine.pci.Register register, Bits bits) {
        var field = bits.field();
        return new Register(
                "%s, %x".formatted(register.name(), register.offset()),
                field.width() == 1
                        ? Integer.toString(field.high())
                        : field.high() + ":" + field.low(),
                field.name(),
                Long.toHexString(bits.value()),
                bits.meaning(),
                flip(function, register, bits));
    }

    private static Optional<Flip> flip(
            PciAddress function, iommulab.engine.pci.Register register, Bits bits) {
        var field = bits.field();
        if (field.access() != BitField.Access.READ_WRITE || field.width() != 1) {
            return Optional.empty();
        }
        long written = field.insert(register.value(), 1 - bits.value());
        return Optional.of(
                new Flip(
                        new Command.WriteConfig(
                                function, register.offset(), register.widthBytes(), (int) written),
                        bits.value() == 1));
    }
}
