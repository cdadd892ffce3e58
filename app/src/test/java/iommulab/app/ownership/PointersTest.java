package iommulab.app.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.ownership.OwnershipModel.Pointer;
import iommulab.app.ownership.OwnershipModel.Row;
import iommulab.engine.os.SoftwareView.Owner;

import org.junit.jupiter.api.Test;

import java.util.List;

class PointersTest {
    private static final long MILLISECOND = 1_000_000;

    private final Pointers pointers = new Pointers();

    private static List<Row> at(Pointer pointer) {
        return List.of(new Row(3, Owner.USER, "", pointer, "", 0, List.of(), "", false));
    }

    @Test
    void aPointerIsOnItsWayFor240Milliseconds() {
        pointers.follow(at(Pointer.DEFAULT), false, 0);
        pointers.follow(at(Pointer.BLOCKING), false, 0);
        pointers.begin(5 * MILLISECOND);
        assertThat(pointers.at(3, 5 * MILLISECOND)).isZero();
        assertThat(pointers.at(3, 125 * MILLISECOND)).isEqualTo(0.5);
        assertThat(pointers.at(3, 245 * MILLISECOND)).isEqualTo(1);
        assertThat(pointers.isMoving(245 * MILLISECOND)).isFalse();
    }

    @Test
    void whereNothingMayMoveItIsThereAtOnce() {
        pointers.follow(at(Pointer.DEFAULT), true, 0);
        pointers.follow(at(Pointer.TABLE), true, 0);
        assertThat(pointers.at(3, 0)).isEqualTo(2);
        assertThat(pointers.isMoving(0)).isFalse();
    }

    @Test
    void aPointerThatIsSentBackTurnsWhereItIs() {
        pointers.follow(at(Pointer.DEFAULT), false, 0);
        pointers.follow(at(Pointer.TABLE), false, 0);
        pointers.begin(0);
        pointers.follow(at(Pointer.DEFAULT), false, 120 * MILLISECOND);
        assertThat(pointers.at(3, 120 * MILLISECOND)).isEqualTo(1);
    }
}
