/// Colours by meaning, type, spacing: the only place that knows a colour or a size.
package iommulab.app.theme;
