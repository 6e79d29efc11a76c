<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:a="http://www.w3.org/2005/Atom" exclude-result-prefixes="a">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
<xsl:template match="/">
<html>
<head>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title><xsl:value-of select="rss/channel/title | a:feed/a:title"/></title>
<style>
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark }
.note { border: 1px solid; border-radius: .4rem; padding: .6rem 1rem } li { margin: 0 0 1rem } small { opacity: .75 }
</style>
</head>
<body>
<h1><xsl:value-of select="rss/channel/title | a:feed/a:title"/></h1>
<p><xsl:value-of select="rss/channel/description | a:feed/a:subtitle"/></p>
<p class="note">This is a news feed. To follow it, copy its address into a feed reader.
<a href="{rss/channel/link | a:feed/a:link[@rel='alternate']/@href}">Read it as a web page</a></p>
<ul><xsl:apply-templates select="rss/channel/item | a:feed/a:entry"/></ul>
</body>
</html>
</xsl:template>
<xsl:template match="item">
<li dir="auto"><a href="{link}"><xsl:value-of select="title"/></a><br/><small><xsl:value-of select="source"/> · <xsl:value-of select="pubDate"/></small></li>
</xsl:template>
<xsl:template match="a:entry">
<li dir="auto"><a href="{a:link[@rel='alternate']/@href}"><xsl:value-of select="a:title"/></a><br/><small><xsl:value-of select="a:source/a:title"/> · <xsl:value-of select="a:published"/></small></li>
</xsl:template>
</xsl:stylesheet>
