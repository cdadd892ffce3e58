package iommulab.app.software;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Call;

import org.junit.jupiter.api.Test;

class MadeTest {
    @Test
    void anObjectIsNamedByItsFileAndItsNumber() {
        var call = Call.of("iommufd.hwpt_alloc").with("iommufd", "iommufd2");
        assertThat(Made.by(call, Answer.OK.with("hwpt_id", 5))).contains("iommufd2/5");
    }

    @Test
    void aFileIsNamedByItsHandle() {
        assertThat(Made.by(Call.of("kvm.vm_create"), Answer.OK.with("vm", "vm1"))).contains("vm1");
    }

    @Test
    void whatIsNoNameIsNotLookedAt() {
        var call = Call.of("iommufd.ioas_map").with("iommufd", "iommufd1");
        assertThat(Made.by(call, Answer.OK.with("iova", "0x1000"))).isEmpty();
    }
}
