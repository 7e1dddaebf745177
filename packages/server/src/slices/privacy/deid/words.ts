const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Given names common in English, German, French, Spanish, Italian, Polish, Turkish, Arabic, Indian and Chinese usage. */
export const givenNames = set(`
aaron abby abdul abigail ada adam adele adrian agnes ahmed aisha alan albert alejandro alessandro alex alexander alexandra
alfred ali alice alicia alina alison amanda amber amelia amina amir amit amy ana anders andrea andreas andrew andrzej angela
angelika anita anja anna anne anneliese annette annie anthony antje antoine anton antonia antonio arjun arthur asha ashley astrid
audrey aylin ayse barbara beate beatrice ben benjamin bernadette bernard bernd bert beth betty bettina birgit bjorn bob brandon
brenda brian bridget brigitte bruce bruno caitlin camila camille carl carla carlos carmen carol caroline caterina catherine cathy
cecilia celine charles charlie charlotte chen cheryl chiara chloe chris christa christel christian christina christine christoph
christopher cindy claire clara claudia clemens colin connor cornelia craig cristina cynthia dagmar daniel daniela danielle david
deborah denise dennis derek dennis diana diane diego dieter dirk dmitri dolores dominik donald donna doris dorothea dorothy douglas
dylan eberhard eddie edith eduardo edward eileen elaine elena eleanor eleni elfriede eli elias elif elisa elisabeth elise elizabeth
elke ella ellen elsa emil emily emma emre enrique eric erich erika erin ernst esther ethan eugene eva evelyn fatima fatma felix
fernando fiona florian frances francesca francesco francis francisco frank franz fred frederick friedrich fritz gabriel gabriela
gabriele gareth gary gavin geoffrey george georg georgia gerald gerard gerda gerhard gertrud gina giovanni gisela giulia giuseppe
gordon graham greg gregory greta gudrun guido gunther gustav hannah hannes hans hanna harald harold harry hassan hasan heather
heidi heike heinrich heinz helen helena helga helmut henri henrik henry herbert hermann hilda hilde holger horst howard hubert
hugo ian ibrahim ida igor ilse imran ines inge ingeborg ingrid irene iris isabel isabella isabelle ivan jack jacob jacqueline
jacques jaime jakob jamal james jamie jan jana jane janet janice jasmin jason javier jean jeff jeffrey jennifer jenny jens jeremy
jerome jessica jill jim jimmy joan joanna joanne jochen joe joel johan johanna johannes john jonas jonathan jorge jose josef
joseph josephine joshua juan juanita judith judy julia julian juliane julie julien juliette jurgen justin jutta kamal karen karin
karl karla karolina karsten katarina kate katharina katherine kathleen kathrin kathy katie katja kayla keith kelly ken kenneth
kerstin kevin khalid kim kirsten klara klaus konrad krishna kristen kristin krzysztof kurt kyle lars larry laura lauren laurent
lea leah lena leo leon leonard leonie lewis li liam lina linda lisa liz lorenz lorenzo lorraine louis louise luc luca lucas lucia
lucy ludwig luigi luis luisa lukas luke lydia lynn madeleine maggie magdalena malcolm manfred manuel manuela marc marcel marcin
marco marcus margaret margarete margit margot maria marianne marie mariana marina mario marion marlene marlies martha martin
martina mary mateo mathilde matt matteo matthew matthias max maximilian maya mehmet meike melanie melissa mia michael michaela
michel michele michelle miguel mike mila milan ming miriam mohamed mohammad mohammed monica monika moritz muhammad mustafa nadia
nadine nadja nancy naomi natalia natalie natasha nathan neil nele nick nicholas nico nicola nicole nicolas nigel nikolai nils
nina noah nora norbert norman nour oksana olaf oleg olga oliver olivia omar oscar oskar otto owen pablo pamela paola patricia
patrick paul paula pauline pawel pedro peggy peter petra philip philipp philippe phillip pia pierre piotr priya rachel rafael
rainer raj rajesh ralf ralph ramona raphael raul rahul rebecca regina reinhard renate rene ricardo richard rita robert roberta
roberto robin rodrigo roger roland rolf roman ronald rosa rosemarie rosie ross ruben rudolf rupert ruth ryan sabine sally salma
sam samantha samira samuel sandra sara sarah sascha saskia scott sean sebastian selim selma sergei sergio sharon sheila sigrid
silke silvia simon simone sofia sonia sonja sophia sophie stacy stan stefan stefanie stella stephan stephanie stephen steve steven
stuart sunita susan susanne suzanne sven svetlana sylvia tamara tanja tanya tara tatjana ted teresa terry theodor theresa thomas
thorsten tiffany tim timothy tina tobias todd tom tomas tomasz tony tracy trevor uli ulrich ulrike ursula ute uwe valentina
valerie vanessa vera verena veronica veronika victor victoria viktor vincent viola virginia vladimir volker walter waltraud wanda
wei wendy werner wilhelm william willy wolfgang xavier yannick yasmin yolanda yuki yusuf yvonne zachary zainab zoe
`);

/** Also ordinary words: names only where something beside them says so. */
export const ambiguousNames = set(`
art april august autumn bill carol chance chip christian dawn daisy drew faith frank gene grace guy hope hunter iris jack jasmine
jean joy june lee lily mark max may mercy miles nick pat patience pearl penny ray rich rob rose ruby sandy skip summer sue violet
will wolf sonny dean earl grant king major page pierce reed rusty sky sunny viola
`);

/** Words that stand with a capital in English without naming anybody or anything that identifies. */
export const harmless = set(`
i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun easter christmas
halloween ramadan hanukkah diwali thanksgiving new year eve god allah jesus buddha bible quran internet web wifi covid covid-19
corona zoom english german french spanish italian polish turkish arabic russian chinese japanese american british european
canadian australian dutch swedish norwegian danish greek portuguese indian irish scottish mexican asian african catholic
protestant christian muslim jewish hindu buddhist europe asia africa america usa us uk eu un england britain scotland ireland
wales germany austria switzerland france spain italy poland turkey russia china japan india canada australia mexico brazil sweden
norway denmark finland greece portugal netherlands belgium ukraine hungary romania bulgaria croatia serbia iran iraq syria egypt
israel pakistan afghanistan vietnam thailand ai ptsd ocd adhd cbt gp er icu mri ct tv dvd pc id ok okay hr it dr mr mrs ms prof
sir madam mom mum dad mother father mama papa grandma grandpa granny aunt uncle doctor nurse professor hi hello hey dear thanks
thank yes no well so and but or if when then the a an my your his her our their this that these those what who where why how
please sorry sure also maybe perhaps because since after before now today tomorrow yesterday tonight am pm north south east west
god's ad bc nhs iphone android google facebook whatsapp instagram youtube email e-mail sms www http https iban ssn zip plz
`);

/** Frequent English words that German does not have. */
export const englishCues = set(`
the and of to my is was are were have has not with for it that this you she they but from at on me him when what would which
do does did about there been be i your his our by as or if an
`);

/** Frequent German words that English does not have. */
export const germanCues = set(`
und ich nicht der das ist mit ein eine wir sie auf für habe hat mein meine meiner meinem zu von bei bin war waren wurde dass aber
oder wenn weil seit kaum noch gestern heute morgen mich mir dich dir uns euch ihm ihr ihre sein seine nichts etwas kein keine auch
bitte schon sehr immer nie wieder haben sagen gesagt davon am im zum zur vom den dem des es
`);

/** The first three digits of ZIP codes in whose area 20,000 people or fewer live (45 CFR 164.514, 2000 census). */
export const sparseZip3 = set(`036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893`);

/** Towns that are often named. Countries are left: they identify nobody. */
export const towns = set(`
amsterdam ankara antwerp athens atlanta augsburg austin baltimore barcelona basel beijing belfast belgrade berlin bern birmingham
bonn bordeaux boston bregenz bremen bristol bratislava brisbane brooklyn brussels bucharest budapest cairo cardiff chicago cleveland
cologne copenhagen dallas delhi denver detroit dortmund dresden dublin duisburg düsseldorf edinburgh eisenstadt essen florence
frankfurt freiburg geneva genoa glasgow göteborg graz hamburg hannover heidelberg helsinki houston innsbruck istanbul izmir
jerusalem karlsruhe kassel kiel kiev klagenfurt kyiv köln lagos lausanne leeds leicester leipzig linz lisbon liverpool ljubljana
london lucerne lyon madrid mainz manchester mannheim marseille melbourne miami milan milwaukee minneapolis montreal moscow mumbai
munich münchen münster naples nantes nashville newcastle nice nottingham nuremberg nürnberg oslo ottawa oxford palermo paris
philadelphia phoenix pittsburgh porto portland prague rome rostock rotterdam saarbrücken salzburg seattle seville sheffield
sofia stockholm strasbourg stuttgart sydney tallinn tampa tehran tokyo toronto toulouse turin valencia vancouver venice vienna
vilnius warsaw wien wiesbaden wolverhampton wuppertal york zagreb zurich zürich
`);
