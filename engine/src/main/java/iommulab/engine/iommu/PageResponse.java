package iommulab.engine.iommu;

import java.util.Locale;
import java.util.Optional;

/// What became of a group of page requests.
/// Spec: PCI Express, "PRG Response Message", Response Code.
public enum PageResponse {
    /// All pages are there, as far as they can be: the device may try again.
    SUCCESS(0),
    /// A page is not there, or the access is not allowed: the device has to give up.
    INVALID_REQUEST(1),
    /// Nobody can serve the device: it stops asking.
    FAILURE(15);

    private final int code;

    PageResponse(int code) {
        this.code = code;
    }

    /// `success`, `invalid request`, `failure`
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /// 4 bits.
    public int code() {
        return code;
    }

    public static Optional<PageResponse> ofCode(int code) {
        for (var response : values()) {
            if (response.code == code) {
                return Optional.of(response);
            }
        }
        return Optional.empty();
    }
}
