export { GmailIntegration, type GmailIntegrationProps } from "./components/settings/GmailIntegration";
export { en, type Strings } from "./i18n/en";
