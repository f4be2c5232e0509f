"""What messages are made of: files, templates, links; and how long it is kept."""

from typing import TYPE_CHECKING

from functions.runtime.account_wiring import AccountsAndMailboxes
from functions.runtime.lazy import once

if TYPE_CHECKING:
    from functions.domain.template_ports import Templating
    from functions.services.attachments import Attachments
    from functions.services.composing import Composing
    from functions.services.expiring import Expiring
    from functions.services.hits import Hits
    from functions.services.orphans import Orphans
    from functions.services.personalising import Personalising
    from functions.services.purging import Purging
    from functions.services.template_checks import TemplateChecks
    from functions.services.template_previews import TemplatePreviews
    from functions.services.template_versions import TemplateVersions
    from functions.services.templates import Templates
    from functions.services.track_links import TrackLinks
    from functions.services.uploading import Uploading


class Contents(AccountsAndMailboxes):
    """A part of the App."""

    @once
    def attachments(self) -> "Attachments":
        from functions.services.attachments import Attachments

        return Attachments(self.documents, self.blobs, self.clock)

    @once
    def uploading(self) -> "Uploading":
        from functions.services.uploading import Uploading

        return Uploading(self.documents, self.blobs, self.attachments, self.clock, self.random)

    @once
    def purging(self) -> "Purging":
        from functions.services.purging import Purging

        return Purging(self.documents, self.blobs, self.clock)

    @once
    def orphans(self) -> "Orphans":
        """Raises NotFound in the cloud."""
        from functions.services.orphans import Orphans

        return Orphans(self.documents, self.local_blobs, self.clock, self.random, self.settings.store_url)

    @once
    def expiring(self) -> "Expiring":
        from functions.services.expiring import Expiring

        return Expiring(self.documents, self.blobs, lambda: self.attachments, self.clock)

    @once
    def templating(self) -> "Templating":
        from functions.adapters.liquid_templates import LiquidTemplates

        return LiquidTemplates()

    @once
    def template_versions(self) -> "TemplateVersions":
        from functions.services.template_versions import TemplateVersions

        return TemplateVersions(self.documents)

    @once
    def template_checks(self) -> "TemplateChecks":
        from functions.services.template_checks import TemplateChecks

        return TemplateChecks(self.documents, self.template_versions, lambda: self.templating)

    @once
    def templates(self) -> "Templates":
        from functions.services.templates import Templates

        return Templates(self.documents, self.template_versions, self.template_checks, self.clock, self.random)

    @once
    def template_previews(self) -> "TemplatePreviews":
        from functions.services.template_previews import TemplatePreviews

        return TemplatePreviews(self.templates, self.template_checks, lambda: self.templating, self.clock)

    @once
    def track_links(self) -> "TrackLinks":
        from functions.services.track_links import TrackLinks

        return TrackLinks(self.link_ring, self.clock, self.settings.public_url)

    @once
    def hits(self) -> "Hits":
        from functions.services.hits import Hits

        return Hits(self.documents, self.timeline, self.random)

    @once
    def composing(self) -> "Composing":
        from functions.services.composing import Composing

        return Composing(
            self.documents,
            self.gmail,
            self.tokens,
            self.aliases,
            lambda: self.attachments,
            lambda: self.templates,
            self.clock,
        )

    @once
    def personalising(self) -> "Personalising":
        from functions.services.personalising import Personalising

        return Personalising(lambda: self.templating, lambda: self.track_links)
