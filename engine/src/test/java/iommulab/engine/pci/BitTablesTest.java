package iommulab.engine.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// The bit tables of all structures: what decodes is what encodes.
class BitTablesTest {
    private static final int LAST_CONVENTIONAL = 0x16;
    private static final int LAST_EXTENDED = 0x35;

    /// A function of random content with one capability of each kind at a time.
    private static List<Capability> everyStructure(ConfigSpace random) {
        var structures = new ArrayList<Capability>();
        for (int type = 0; type <= 2; type++) {
            structures.add(Capabilities.of(random.with(0x0e, 1, type)).header());
        }
        for (int id = 1; id <= LAST_CONVENTIONAL; id++) {
            structures.addAll(Capabilities.of(with(random, id, 1)).list());
        }
        for (int id = 1; id <= LAST_EXTENDED; id++) {
            structures.addAll(Capabilities.of(with(random, 0x10, id)).list());
        }
        return structures;
    }

    private static ConfigSpace with(ConfigSpace random, int conventional, int extended) {
        return random.with(0x06, 2, random.read16(0x06) | 0x10)
                .with(0x0e, 1, random.read8(0x0e) & 1)
                .with(0x34, 1, 0x40)
                .with(0x40, 2, conventional)
                .with(0x100, 4, 1 << 16 | extended);
    }

    @Provide
    Arbitrary<ConfigSpace> anyContent() {
        return Arbitraries.longs()
                .map(seed -> {
                    var bytes = new byte[4096];
                    new Random(seed).nextBytes(bytes);
                    return ConfigSpace.of(bytes);
                });
    }

    @Property(tries = 30)
    void registersOfAStructureDoNotOverlap(@ForAll("anyContent") ConfigSpace random) {
        for (var structure : everyStructure(random)) {
            int end = structure.offset();
            for (var register : structure.registers()) {
                assertThat(register.offset())
                        .as("%s of %s".formatted(register.name(), structure.name()))
                        .isGreaterThanOrEqualTo(end);
                assertThat(register.offset() % register.widthBytes())
                        .as("alignment of %s".formatted(register.name()))
                        .isZero();
                end = register.offset() + register.widthBytes();
            }
        }
    }

    @Property(tries = 30)
    void everyBitOfARegisterBelongsToExactlyOneField(@ForAll("anyContent") ConfigSpace random) {
        for (var structure : everyStructure(random)) {
            for (var register : structure.registers()) {
                long all = 0;
                for (var bits : register.fields()) {
                    assertThat(all & bits.field().mask()).as(register.name()).isZero();
                    all |= bits.field().mask();
                }
                assertThat(all)
                        .as(register.name())
                        .isEqualTo((1L << register.widthBytes() * 8) - 1);
            }
        }
    }

    @Property(tries = 30)
    void encodingAFieldBackChangesExactlyItsBits(
            @ForAll("anyContent") ConfigSpace random, @ForAll long value) {
        for (var structure : everyStructure(random)) {
            for (var register : structure.registers()) {
                for (var bits : register.fields()) {
                    long fitting = value & (1L << bits.field().width()) - 1;
                    var written = register.encode(random, bits.field(), fitting);
                    long now = read(written, register);
                    assertThat(bits.field().extract(now)).isEqualTo(fitting);
                    assertThat(now & ~bits.field().mask())
                            .isEqualTo(register.value() & ~bits.field().mask());
                    assertThat(written.with(register.offset(), register.widthBytes(), 0))
                            .isEqualTo(random.with(register.offset(), register.widthBytes(), 0));
                }
            }
        }
    }

    private static long read(ConfigSpace config, Register register) {
        long value = 0;
        for (int i = register.widthBytes() - 1; i >= 0; i--) {
            value = value << 8 | config.read8(register.offset() + i);
        }
        return value;
    }

    @Property(tries = 30)
    void everyFieldThatIsNotReservedHasANameAndAMeaning(@ForAll("anyContent") ConfigSpace random) {
        for (var structure : everyStructure(random)) {
            for (var register : structure.registers()) {
                for (var bits : register.fields()) {
                    boolean reserved = bits.field().access() == BitField.Access.RESERVED;
                    assertThat(bits.field().name().isEmpty())
                            .as("%s bit %d".formatted(register.name(), bits.field().high()))
                            .isEqualTo(reserved);
                    assertThat(bits.meaning().isEmpty()).isEqualTo(reserved);
                    assertThat(bits.meaning()).doesNotContain("{");
                }
            }
        }
    }

    @Test
    void aTableWithMissingBitsIsNoTable() {
        assertThatThrownBy(() -> RegisterLayout.table("00 8 Status\n  7:1 --\n"))
                .hasMessage("Status: bits 0:0 are missing");
    }

    @Test
    void aTableWithOverlappingBitsIsNoTable() {
        assertThatThrownBy(() -> RegisterLayout.table("00 8 Status\n  7:1 --\n  1:0 ro Busy\n"))
                .hasMessage("Status: Busy starts at bit 1, not 0");
    }

    @Test
    void aValueThatDoesNotFitIsRefused() {
        var field = RegisterLayout.table("00 8 S\n  7:3 --\n  2:0 rw Mode\n").getFirst().fields();
        assertThatThrownBy(() -> field.getLast().insert(0, 8))
                .hasMessage("Mode has 3 bits; 0x8 does not fit");
    }
}
