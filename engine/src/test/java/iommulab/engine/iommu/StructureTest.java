package iommulab.engine.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// A bit table owns each bit of its structure exactly once, or it is none.
class StructureTest {
    private static Structure.Builder entry() {
        return new Structure.Builder("Entry", 2).ignored(1, 63, 0);
    }

    @Test
    void everyBitHasOneField() {
        var structure = entry().value(0, 63, 4, "A", "0x%x"::formatted).reserved(0, 3, 0).build();
        assertThat(structure.reservedBits(0)).isEqualTo(0xf);
    }

    @Test
    void twoFieldsForOneBitAreRefused() {
        var overlapping = entry().value(0, 63, 4, "A", "0x%x"::formatted).reserved(0, 4, 0);
        assertThatThrownBy(overlapping::build)
                .hasMessage("Entry: two fields own bits of 4:0 in word 0");
    }

    @Test
    void aBitThatNobodyOwnsIsRefused() {
        var gap = entry().value(0, 63, 5, "A", "0x%x"::formatted).reserved(0, 3, 0);
        assertThatThrownBy(gap::build).hasMessage("Entry: nobody owns bits 0x10 of word 0");
    }

    @Test
    void aFieldWiderThanAWordIsRefused() {
        assertThatThrownBy(() -> entry().value(0, 64, 0, "A", "0x%x"::formatted).build())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
