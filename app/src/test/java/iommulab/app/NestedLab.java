package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Perspective;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.Outcome;

/// The window around a machine on which a guest keeps a first-stage table for a device, made by calls of the
/// kernel.
public final class NestedLab {
    private NestedLab() {}

    /// @return number of the domain that the guest's table is for hardware
    public static int makeGuestTable(LiveLab lab) {
        does(lab, "driver.bind(device=0000:06:00.0, driver=vfio-pci)");
        does(lab, "iommufd.open()");
        does(lab, "vfio.cdev_open(device=0000:06:00.0)");
        does(lab, "vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)");
        does(lab, "iommufd.ioas_alloc(iommufd=iommufd1)");
        does(lab, "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=1, pt_id=2, flags=[nest_parent])");
        does(lab, "guest.pt_create()");
        var pt = lab.machine().journal().entries().getLast().result().replaceFirst("ok pt=", "");
        does(
                lab,
                "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=1, pt_id=3, flags=[],"
                        + " data_type=vtd_s1, data={pgtbl="
                        + pt
                        + ", addr_width=48})");
        does(lab, "vfio.cdev_attach(cdev=cdev1, pt_id=4)");
        return lab.machine().software().node("iommufd1/4").orElseThrow().domain();
    }

    /// Makes a call that succeeds.
    public static Outcome does(LiveLab lab, String call) {
        try {
            var outcome = lab.did(CommandText.parse(call));
            if (outcome instanceof Outcome.Answered(var answer)) {
                assertThat(answer.errno()).as("%s: %s", call, answer.rule()).isEmpty();
            }
            return outcome;
        } catch (CommandRefused refused) {
            throw new AssertionError(call, refused);
        }
    }

    /// The same, and the perspective in which it is looked at.
    public static int makeGuestTable(LiveLab lab, Perspective perspective) {
        int domain = makeGuestTable(lab);
        lab.opens(perspective);
        return domain;
    }
}
